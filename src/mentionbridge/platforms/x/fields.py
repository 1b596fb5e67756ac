"""What we ask X to tell of posts, people and messages. Pure."""

from collections.abc import Mapping

_POST = (
    "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_{0}s,entities,attachments,lang,public_metrics,"
    "edit_history_{0}_ids,note_{0},reply_settings"
)


def of_posts(prefix: str) -> Mapping[str, str]:
    """Return the parameters for whole posts; `prefix` is `tweet` or `post`: X goes from one to the other."""
    return {
        f"{prefix}.fields": _POST.format(prefix),
        "expansions": f"author_id,referenced_{prefix}s.id,attachments.media_keys",
        "user.fields": "username,name,public_metrics,receives_your_dm",
        "media.fields": "url,preview_image_url,type,alt_text",
    }


def of_own(prefix: str) -> Mapping[str, str]:
    """Return the parameters for our own posts."""
    return {f"{prefix}.fields": f"created_at,author_id,conversation_id,referenced_{prefix}s,entities,note_{prefix}"}


MESSAGES: Mapping[str, str] = {
    "max_results": "100",
    "dm_event.fields": "id,text,event_type,created_at,dm_conversation_id,sender_id,attachments",
    "event_types": "MessageCreate",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "username,name,public_metrics",
    "media.fields": "url,preview_image_url,type,alt_text",
}
