"""A post in which somebody shows everything they should not, all of it invented."""

SECRETS = {
    "phone": "+44 20 7946 0958",
    "card": "4111 1111 1111 1111",
    "IBAN": "GB82 WEST 1234 5698 7654 32",
    "e-mail": "sam.oddname@mail.example",
    "order number": "AB-4815162",
}
POST = "@acme call {phone} or write to {e-mail}; my card {card} and account {IBAN} paid for order {order number}"
SHOWN = POST.format(**SECRETS)
MASKED = POST.format(**{kind: f"[{kind}]" for kind in SECRETS})
