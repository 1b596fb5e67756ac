"""The words of the private form, in its languages."""

from collections.abc import Mapping

LANGUAGES = ("en", "de", "fr", "es", "it")
WORDS: Mapping[str, tuple[str, str, str, str, str]] = {
    "title": (
        "Write to {brand} in private",
        "{brand} privat schreiben",
        "Écrire à {brand} en privé",
        "Escribir a {brand} en privado",
        "Scrivi a {brand} in privato",
    ),
    "about": (
        "This is about the public post of",
        "Es geht um den öffentlichen Beitrag von",
        "Il s’agit du message public de",
        "Se trata de la publicación pública de",
        "Si tratta del post pubblico di",
    ),
    "see": ("See the post", "Beitrag ansehen", "Voir le message", "Ver la publicación", "Vedi il post"),
    "private": (
        "Only our team reads what you write here.",
        "Was Sie hier schreiben, liest nur unser Team.",
        "Seule notre équipe lit ce que vous écrivez ici.",
        "Solo nuestro equipo lee lo que escriba aquí.",
        "Solo il nostro team legge ciò che scrive qui.",
    ),
    "order_number": ("Order number", "Bestellnummer", "Numéro de commande", "Número de pedido", "Numero d’ordine"),
    "model": ("Model", "Modell", "Modèle", "Modelo", "Modello"),
    "place": ("Place", "Ort", "Lieu", "Lugar", "Luogo"),
    "phone": ("Phone", "Telefon", "Téléphone", "Teléfono", "Telefono"),
    "call_when": (
        "Best time to call",
        "Beste Zeit für einen Anruf",
        "Meilleur moment pour appeler",
        "Mejor hora para llamar",
        "Momento migliore per chiamare",
    ),
    "call_at": (
        "When shall we call you?",
        "Wann sollen wir Sie anrufen?",
        "Quand pouvons-nous vous appeler ?",
        "¿Cuándo le llamamos?",
        "Quando possiamo chiamarla?",
    ),
    "no_call": ("No call", "Kein Anruf", "Pas d’appel", "Sin llamada", "Nessuna chiamata"),
    "call_booked": (
        "We will call you:",
        "Wir rufen Sie an:",
        "Nous vous appellerons :",
        "Le llamaremos:",
        "La chiameremo:",
    ),
    "no_phone": (
        "Please give us a number to call.",
        "Bitte geben Sie uns eine Nummer für den Anruf.",
        "Veuillez indiquer un numéro où vous appeler.",
        "Indique un número al que podamos llamarle.",
        "Indichi un numero a cui possiamo chiamarla.",
    ),
    "slot_taken": (
        "That time is not free any more. Please choose another.",
        "Diese Zeit ist nicht mehr frei. Bitte wählen Sie eine andere.",
        "Ce créneau n’est plus libre. Veuillez en choisir un autre.",
        "Esa hora ya no está libre. Elija otra.",
        "Quell’orario non è più libero. Ne scelga un altro.",
    ),
    "message": ("Your message", "Ihre Nachricht", "Votre message", "Su mensaje", "Il suo messaggio"),
    "photos": (
        "Photos (up to 5, 10 MB each, 25 MB in all)",
        "Fotos (bis zu 5, je 10 MB, zusammen 25 MB)",
        "Photos (5 au plus, 10 Mo chacune, 25 Mo en tout)",
        "Fotos (hasta 5, de 10 MB cada una, 25 MB en total)",
        "Foto (fino a 5, 10 MB ciascuna, 25 MB in tutto)",
    ),
    "photos_sent": ("Photos:", "Fotos:", "Photos :", "Fotos:", "Foto:"),
    "send": ("Send", "Senden", "Envoyer", "Enviar", "Invia"),
    "sent": (
        "Thank you, we have it.",
        "Danke, es ist angekommen.",
        "Merci, c’est bien reçu.",
        "Gracias, lo hemos recibido.",
        "Grazie, l’abbiamo ricevuto.",
    ),
    "yours": (
        "What you wrote in this browser",
        "Was Sie in diesem Browser geschrieben haben",
        "Ce que vous avez écrit dans ce navigateur",
        "Lo que ha escrito en este navegador",
        "Ciò che ha scritto in questo browser",
    ),
    "earlier": (
        "Earlier in private",
        "Früher privat geschrieben",
        "Échanges privés précédents",
        "Antes, en privado",
        "In precedenza, in privato",
    ),
    "over": (
        "This story is closed. You can begin another:",
        "Dieser Fall ist abgeschlossen. Sie können einen neuen beginnen:",
        "Ce dossier est clos. Vous pouvez en ouvrir un autre :",
        "Este caso está cerrado. Puede abrir otro:",
        "Questo caso è chiuso. Può aprirne un altro:",
    ),
    "is_solved": (
        "We call this solved. Is it?",
        "Wir halten das für gelöst. Stimmt das?",
        "Nous pensons que c’est réglé. Est-ce le cas ?",
        "Creemos que está resuelto. ¿Es así?",
        "Per noi è risolto. È così?",
    ),
    "yes": ("Yes, it is solved", "Ja, es ist gelöst", "Oui, c’est réglé", "Sí, está resuelto", "Sì, è risolto"),
    "no": ("No, it is not", "Nein, ist es nicht", "Non, pas encore", "No, todavía no", "No, non ancora"),
    "counts": (
        "Our team reads it. It counts as the author’s own word once you prove below that it is your post.",
        "Unser Team liest es. Als Wort des Verfassers zählt es, sobald Sie unten zeigen, dass es Ihr Beitrag ist.",
        "Notre équipe le lit. Cela vaut comme parole de l’auteur si vous prouvez ci-dessous que c’est votre message.",
        "Nuestro equipo lo lee. Vale como palabra del autor cuando demuestre abajo que la publicación es suya.",
        "Il nostro team lo legge. Vale come parola dell’autore quando dimostra qui sotto che il post è suo.",
    ),
    "new": ("a new message", "neue Nachricht", "nouveau message", "nuevo mensaje", "nuovo messaggio"),
    "prove": (
        "Prove that it is your post (not needed to write to us)",
        "Zeigen, dass es Ihr Beitrag ist (zum Schreiben nicht nötig)",
        "Prouver que c’est votre message (facultatif)",
        "Demostrar que es su publicación (opcional)",
        "Dimostrare che è il suo post (facoltativo)",
    ),
    "unverified": (
        "Until then we treat what you write as from somebody we do not know yet.",
        "Bis dahin behandeln wir Ihre Nachricht als von jemandem, den wir noch nicht kennen.",
        "D’ici là, nous considérons que nous ne vous connaissons pas encore.",
        "Hasta entonces consideramos que aún no le conocemos.",
        "Fino ad allora la consideriamo una persona che non conosciamo ancora.",
    ),
    "get_code": ("Get a code", "Code anfordern", "Obtenir un code", "Obtener un código", "Ottieni un codice"),
    "post_this": (
        "Post this sentence, or send it to us as a message, from the account of the post within 15 minutes. "
        "Never post a code that somebody else gave you.",
        "Veröffentlichen Sie diesen Satz mit dem Konto des Beitrags innerhalb von 15 Minuten, oder senden Sie ihn uns "
        "als Nachricht. Veröffentlichen Sie nie einen Code, den Ihnen jemand anderes gegeben hat.",
        "Publiez cette phrase, ou envoyez-la-nous, depuis le compte du message dans les 15 minutes. Ne publiez jamais "
        "un code que quelqu’un d’autre vous a donné.",
        "Publique esta frase, o envíenosla, desde la cuenta de la publicación en 15 minutos. No publique nunca un "
        "código que le haya dado otra persona.",
        "Pubblichi questa frase, o ce la invii, dall’account del post entro 15 minuti. Non pubblichi mai un codice "
        "ricevuto da altri.",
    ),
    "reload": ("I have done it", "Erledigt", "C’est fait", "Ya está", "Fatto"),
    "weak": (
        "We have seen your code.",
        "Wir haben Ihren Code gesehen.",
        "Nous avons vu votre code.",
        "Hemos visto su código.",
        "Abbiamo visto il suo codice.",
    ),
    "strong": (
        "You have proved that it is your account.",
        "Sie haben gezeigt, dass es Ihr Konto ist.",
        "Vous avez prouvé que c’est votre compte.",
        "Ha demostrado que es su cuenta.",
        "Ha dimostrato che è il suo account.",
    ),
    "get_second": (
        "Send me a second code as a private message",
        "Zweiten Code als private Nachricht senden",
        "M’envoyer un second code en message privé",
        "Enviarme un segundo código por mensaje privado",
        "Inviami un secondo codice in un messaggio privato",
    ),
    "second": ("The second code", "Der zweite Code", "Le second code", "El segundo código", "Il secondo codice"),
    "confirm": ("Confirm", "Bestätigen", "Confirmer", "Confirmar", "Conferma"),
    "gone": (
        "This link leads nowhere any more.",
        "Dieser Link führt nirgends mehr hin.",
        "Ce lien ne mène plus nulle part.",
        "Este enlace ya no lleva a ninguna parte.",
        "Questo link non porta più da nessuna parte.",
    ),
    "stale": (
        "Please send it once more: this page was too old, or your browser keeps no cookies.",
        "Bitte senden Sie es noch einmal: Die Seite war zu alt, oder Ihr Browser behält keine Cookies.",
        "Veuillez renvoyer : la page était trop ancienne, ou votre navigateur refuse les cookies.",
        "Envíelo de nuevo: la página era antigua o su navegador no guarda cookies.",
        "Lo invii di nuovo: la pagina era troppo vecchia o il browser non conserva i cookie.",
    ),
    "empty": (
        "Please write something first.",
        "Bitte schreiben Sie zuerst etwas.",
        "Écrivez d’abord quelque chose.",
        "Escriba algo primero.",
        "Scriva prima qualcosa.",
    ),
    "too_long": (
        "That is longer than 4000 characters.",
        "Das sind mehr als 4000 Zeichen.",
        "Cela dépasse 4000 caractères.",
        "Supera los 4000 caracteres.",
        "Supera i 4000 caratteri.",
    ),
    "bad_picture": (
        "One of the files is no photo we can read (JPEG, PNG, WebP or GIF, up to 10 MB). Nothing was sent.",
        "Eine der Dateien ist kein lesbares Foto (JPEG, PNG, WebP oder GIF, bis 10 MB). Nichts wurde gesendet.",
        "L’un des fichiers n’est pas une photo lisible (JPEG, PNG, WebP ou GIF, 10 Mo au plus). Rien n’a été envoyé.",
        "Uno de los archivos no es una foto legible (JPEG, PNG, WebP o GIF, hasta 10 MB). No se ha enviado nada.",
        "Uno dei file non è una foto leggibile (JPEG, PNG, WebP o GIF, fino a 10 MB). Non è stato inviato nulla.",
    ),
    "too_many_pictures": (
        "Please send at most five photos at a time.",
        "Bitte höchstens fünf Fotos auf einmal.",
        "Cinq photos au plus à la fois.",
        "Como máximo cinco fotos a la vez.",
        "Al massimo cinque foto alla volta.",
    ),
    "too_often": (
        "That was a lot at once; please try again later.",
        "Das war viel auf einmal; bitte später noch einmal.",
        "C’est beaucoup à la fois ; réessayez plus tard.",
        "Es mucho de una vez; inténtelo más tarde.",
        "È molto in una volta; riprovi più tardi.",
    ),
    "wrong_code": (
        "That is not the code, or it is too old.",
        "Das ist nicht der Code, oder er ist zu alt.",
        "Ce n’est pas le code, ou il est trop ancien.",
        "No es el código o ha caducado.",
        "Non è il codice, o è scaduto.",
    ),
    "no_private": (
        "The network does not let us write to you. Send us a private message there first, then ask again.",
        "Das Netzwerk lässt uns Ihnen nicht schreiben. Senden Sie uns dort zuerst eine private Nachricht.",
        "Le réseau ne nous permet pas de vous écrire. Envoyez-nous d’abord un message privé, puis réessayez.",
        "La red no nos permite escribirle. Envíenos primero un mensaje privado allí e inténtelo de nuevo.",
        "La rete non ci permette di scriverle. Ci invii prima un messaggio privato, poi riprovi.",
    ),
    "needs_proof": (
        "This needs proof that it is your post. Nothing was sent.",
        "Dafür müssen Sie zeigen, dass es Ihr Beitrag ist. Nichts wurde gesendet.",
        "Il faut d’abord prouver que c’est votre message. Rien n’a été envoyé.",
        "Para esto debe demostrar que es su publicación. No se ha enviado nada.",
        "Per questo deve dimostrare che è il suo post. Non è stato inviato nulla.",
    ),
    "call_needs": (
        "To choose when we call you, prove below that it is your post.",
        "Um einen Anruf zu wählen, zeigen Sie unten, dass es Ihr Beitrag ist.",
        "Pour choisir un rappel, prouvez ci-dessous que c’est votre message.",
        "Para elegir una llamada, demuestre abajo que es su publicación.",
        "Per scegliere una chiamata, dimostri qui sotto che è il suo post.",
    ),
    "photos_need": (
        "To send photos, prove below that it is your post.",
        "Um Fotos zu senden, zeigen Sie unten, dass es Ihr Beitrag ist.",
        "Pour envoyer des photos, prouvez ci-dessous que c’est votre message.",
        "Para enviar fotos, demuestre abajo que es su publicación.",
        "Per inviare foto, dimostri qui sotto che è il suo post.",
    ),
    "not_now": (
        "That is not possible now.",
        "Das ist jetzt nicht möglich.",
        "Ce n’est pas possible maintenant.",
        "No es posible ahora.",
        "Non è possibile ora.",
    ),
}
"""Every sentence in the order of `LANGUAGES`."""


def words(lang: str, brand: str) -> dict[str, str]:
    """Return the form's words in a language."""
    place = LANGUAGES.index(lang)
    return {name: told[place].replace("{brand}", brand) for name, told in WORDS.items()}


def language(accepted: str, own: str) -> str:
    """Return the first language of an Accept-Language header that the form has, else the brand's own, else English."""
    asked = [each.partition(";")[0].strip().lower().partition("-")[0] for each in accepted[:500].split(",")]
    return next((each for each in (*asked, own.lower().partition("-")[0]) if each in LANGUAGES), "en")
