"""A Django project with django-helpdesk, in one file: `django_desk.py FOLDER HOOK seed | serve PORT`."""

import json
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

FOLDER, HOOK = Path(sys.argv[1]), sys.argv[2]
CONTRIB = ("auth", "contenttypes", "sessions", "sites", "admin", "messages", "humanize", "staticfiles")
REST = ("rest_framework", "rest_framework.authtoken")
PROCESSORS = ("template.context_processors.request", "contrib.auth.context_processors.auth")
settings.configure(
    SECRET_KEY="for one test run only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "desk.sqlite"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in CONTRIB), *REST, "helpdesk"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [f"django.{each}" for each in PROCESSORS]},
        }
    ],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]},
    HELPDESK_ACTIVATE_API_ENDPOINT=True,
    HELPDESK_TEAMS_MODE_ENABLED=False,
    HELPDESK_FOLLOWUP_WEBHOOK_URLS=[HOOK],
)
django.setup()
urlpatterns = [path("helpdesk/", include("helpdesk.urls"))]


def seed() -> None:
    """Make the tables, a user for the bridge, an agent, a queue and a field; print the tokens."""
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    from helpdesk.models import CustomField, Queue
    from rest_framework.authtoken.models import Token

    users = [User.objects.create_user(name, is_staff=True) for name in ("bridge", "kim")]
    Queue.objects.create(title="Social", slug="social")
    CustomField.objects.create(name="mention_url", label="Post", data_type="varchar", max_length=200, required=False)
    print(json.dumps({user.username: Token.objects.create(user=user).key for user in users}))


if sys.argv[3] == "seed":
    seed()
else:
    call_command("runserver", f"127.0.0.1:{sys.argv[4]}", "--noreload", "--insecure")
