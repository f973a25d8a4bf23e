"""How mail programs introduce what they quote, in the languages of our people: words, each used line by line."""

import re

# The words before the colons of a quoted header ("From: … Sent: … To: … Subject: …"), by what they tell.
_HEADER_WORDS = {
    "from": (
        "from|von|absender|de|expéditeur|remitente|da|mittente|van|afzender|od|nadawca|odesílatel|kimden|gönderen|fra|"
        "från|avsändare|lähettäjä|feladó|от|від|από|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|de la|מאת|"
        "من|odosielateľ|"
        "nuo|saatja|từ|dari|pošiljatelj|frá|message from"
    ),
    "date": (
        "sent|date|message du|gesendet|gesendet am|datum|datum/uhrzeit|envoyé|envoyé le|date d'envoi|enviado|"
        "enviado el|"
        "enviada|enviada el|enviada em|enviado em|fecha|data|inviato|inviato il|verzonden|verzonden op|wysłano|wysłane|"
        "data wysłania|odesláno|odesl.|gönderildi|gönderilme|gönderme tarihi|gönderilmiş|gönderim tarihi|tarih|sendt|"
        "dato|"
        "skickat|lähetetty|päivämäärä|päiväys|elküldve|küldve|dátum|отправлено|дата|надіслано|відправлено|ημερομηνία|"
        "στάλθηκε|ημ/νία|发送时间|发送日期|日期|已发送|寄件日期|傳送時間|已傳送|送信日時|日時|날짜|보낸 날짜|"
        "보낸날짜|trimis|sent at|"
        "sent on|נשלח|תאריך|تاريخ|التاريخ|odoslané|poslano|изпратено|išsiųsta|nosūtīts|saadetud|kuupäev|ngày|đã gửi|"
        "tanggal|dikirim|enviat|sent date"
    ),
    "to": (
        "to|an|empfänger|à|a|pour|destinataire|destinataires|para|destinatario|aan|do|adresat|komu|pro|kime|alıcı|"
        "til|till|"
        "vastaanottaja|saaja|címzett|кому|προς|收件人|收件者|宛先|받는 사람|받는사람|către|אל|إلى|prima|za|до|kam|"
        "adressaat|đến|"
        "kepada|per a|destinatários|sent to"
    ),
    "subject": (
        "subject|betreff|objet|sujet|asunto|oggetto|onderwerp|temat|assunto|předmět|konu|emne|ämne|rubrik|aihe|tárgy|"
        "тема|"
        "θέμα|主题|主旨|主題|件名|제목|subiect|topic|re|thema|נושא|الموضوع|predmet|zadeva|относно|tema|teema|tēma|"
        "chủ đề|"
        "tiêu đề|subjek|perihal|assumpte|efni"
    ),
    "other": (
        "cc|kopie|copie|copia|kopia|dw|cópia|kopi|bilgi|bcc|копия|копія|抄送|副本|참조|reply-to|reply to|reply|"
        "antwort an|"
        "répondre à|responder a|organization|importance|priority|priorität|wichtigkeit|attachments|anlagen|anhänge|"
        "pièces jointes|sensitivity|message-id|mailed-by|signed-by|list-id"
    ),
}
_KIND_OF = {word.casefold(): kind for kind, words in _HEADER_WORDS.items() for word in words.split("|")}


def header_kind(text: str) -> str:
    """What a line of a quoted header tells: "from", "date", "to", "subject", "other", or nothing."""
    end = text.find(":", 0, 60)
    if end < 0:
        end = text.find("：", 0, 60)
    return _KIND_OF.get(text[:end].strip(" \t>|*_").casefold(), "") if end > 0 else ""


def bare_header_kind(text: str) -> str:
    """The same for a line that is the word alone, as old Notes writes it."""
    return _KIND_OF.get(text.strip().casefold(), "") if len(text) < 30 else ""


# What stands before the colon of "On Monday, Ada wrote:".
_VERBS = (
    r"wrote|writes|schrieb|(?:ge)?schrieben|schreibt|schrieb am|schrieb folgendes|a écrit|écrit|a répondu|a écrit ceci|"
    r"escribió|escribio|ha escrito|ha respondido|ha scritto|scrive|scritto|schreef|schrijft|geschreven|reageerde|"
    r"napisał|napisała|napisał\(a\)|napisana przez|pisze|escreveu|escreveu na mensagem|napsal|napsala|napsal\(a\)|"
    r"napísal|napísala|napísal\(a\)|píše|yazdı|yazmış|skrev|kirjoitti|írta|ezt írta|пишет|написал|написала|"
    r"написал\(а\)|пише|написав|написала|написав\(ла\)|έγραψε|写道|寫道|さんは書きました|のメール|님이 작성|작성|"
    r"a scris|a trimis|"
    r"je napisao|je napisala|je napisal|pisao|pisala|написа|كتب|כתב|כתבה|kirjutas|rašė|rakstīja|đã viết|viết|menulis|"
    r"va escriure|ha escrit|skrifaði|sendte|said|quoting|quoted|spake|zitat von|zitiert|excerpts from"
)
VERB = re.compile(rf"(?<!\w)(?:{_VERBS})(?!\w)|写道|寫道|写到|さんは書きました|のメール|님이 작성", re.IGNORECASE)
# The words that end an introduction which lost its colon.
_LAST = (
    "wrote schrieb geschrieben écrit escribió escribio scritto schreef geschreven napisał napisała napisał(a) escreveu "
    "napsal napsala napsal(a) napísal yazdı yazmış skrev kirjoitti írta написал написала написал(а) пишет "
    "написав пише έγραψε viết sent"
)
LAST_WORDS = frozenset(_LAST.split())
VERB_AT_END = re.compile(
    rf"(?:(?<!\w)|(?<=[>\])]))(?:{_VERBS}|sent)(?:\(a\))?[ \t]{{0,3}}(?:this|the following|folgendes|følgende|"
    r"det følgende|следующее|:)?[ \t]{0,3}[:：]?[ \t*_-]{0,8}$",
    re.IGNORECASE,
)
# How introductions begin: with such a word, with a day of the week or a month, or with a number.
_OPENINGS = (
    "on at am um le el il op dnia em a às dne dňa den v на в о στις kl dana pe la in în à vào lúc tarihinde u w no del"
)
_OPENING_WORDS = frozenset(_OPENINGS.split())
_DAYS = (
    "mon tue wed thu fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim lør søn tir ons tor fre man mån "
    "tis lör sön pon wt śr czw pt sob niedz út st čt pá ne po pzt sal çar per cum cmt paz seg ter qua qui sex sáb "
    "dom mié jue vie vi ma wo vr za zo пн вт ср чт пт сб вс нд понедельник вторник сред четверг пятниц суббот "
    "воскресень понеділок вівторок серед четвер пʼятниц п’ятниц субот неділ στις δευ τρι τετ πεμ παρ σαβ κυρ may "
    "march jan feb apr jun jul aug sep oct nov dec "
)
_DAYS_BEGIN = tuple(_DAYS.split())
_BEGINS_WITH_NUMBER = re.compile(r"(?:[在于於] ?)?\d{1,4}[-./年 ]")


def opens_introduction(text: str) -> bool:
    """Whether a line begins as "On Monday, Ada wrote:" does in some language."""
    text = text[:40].lstrip(" \t*_-")
    word, _, rest = text.partition(" ")
    word = word.casefold()
    if word in _OPENING_WORDS:
        return bool(rest)
    if word.startswith(_DAYS_BEGIN) and len(word) <= 14:
        return word[-1] in ".," or rest[:1].isdigit()
    return bool(_BEGINS_WITH_NUMBER.match(text))


OF_ONESELF = re.compile(
    r"\b(?:i|ich|wir|we|je|nous|yo|ik|wij|jag|eu)\b[ ](?:\w{1,20}[ ]){0,2}(?:wrote|write|said|geschrieben|schrieb|"
    r"schrieben|écrit|écris|escribí|schreef|geschreven|skrev|quoted)|"
    r"(?:schrieb(?:en)?|hatte|schreef|skrev)[ ](?:ich|wir|ik|wij|jag|jeg)\b",
    re.IGNORECASE,
)
COMPARES = re.compile(r"[ \t]{0,6}(?:as|like|what|wie|was|comme|como|come|zoals|jak|som)\b", re.IGNORECASE)
NEW_SENTENCE = re.compile(r"[^\W\d_A-Z]{4}[.!?] {1,3}[A-ZÄÖÜÀÉ][^\W\d_]")
CLAUSE = re.compile(r", (?:dass|daß|weil|wenn|ob|that|which|who|because|qu[ei]|che|dat|że|že|att)(?!\w)", re.IGNORECASE)
# Each begins with a digit, so that the search passes quickly over what has none.
HAS_TIME = re.compile(r"\d(?<!\d\d)\d?[:.hH]\d\d(?!\d)")
HAS_YEAR = re.compile(r"[12](?<!\d\d)[09]\d\d(?!\d)")
HAS_DATE = re.compile(
    r"\d(?:\d?(?:[:.hH]\d\d(?!\d)|[./-]\d\d?[./-]\d\d|月|\.? ?(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|"
    r"nov|de[cz]))|(?<!\d\d)[09]\d\d(?!\d))",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]{1,80}@[^\s<>()\[\]:;,\"]{2,120}")
NAME_AND_ADDRESS = re.compile(r"\w[^<>\[\]()@]{0,80}[<\[(](?:mailto:)?[^\s<>\[\]()]{1,80}@[^\s<>\[\]()]{2,120}[>\])]")
# Words in small letters that stand in names, or between a date and a name.
_SMALL_WORDS = (
    "von van der den de la le du di da dos das del do bin ibn al el y e und and zu zur af av i at um om o à às kl "
    "via от "
    "пользователь в г р p m am pm uhr by from ore v odesílatel hat heeft het volgende folgendes ha şunu şunları "
    "tarihinde kl "
    "klo kello"
)
SMALL_WORDS = frozenset(_SMALL_WORDS.split())

_ORIGINAL = (
    r"original messages?|original|original mail|original appointment|original e-?mail|reply message|"
    r"(?:ursprüngliche|antwort|zitierte|vorherige)[ -](?:nachricht|mail|e-mail)|original-?nachricht|originalnachricht|"
    r"message d['’]origine|message original|message initial|mensaje original|messaggio originale|messaggio orig|"
    r"oorspronkelijk bericht|oorspronkelijke bericht|origineel bericht|oryginalna wiadomość|wiadomość oryginalna|"
    r"mensagem original|původní zpráva|původní e-mail|özgün ileti|orijinal (?:mesaj|ileti)|orjinal mesaj|"
    r"oprindelig (?:meddelelse|besked)|opprinnelig melding|ursprungligt meddelande|originalmeddelande|"
    r"alkuperäinen viesti|"
    r"eredeti üzenet|исходное сообщение|исходящее сообщение|пересылаемое|оригінальне(?: повідомлення)?|αρχικό μήνυμα|"
    r"原始邮件|原始郵件|原郵件|元のメッセージ|원본 (?:메시지|메일)|mesaj original|mesajul original|izvorna poruka|"
    r"pôvodná správa|"
    r"missatge original|izvirno sporočilo|оригинално съобщение|reply separator|quoted message|"
    r"previous message"
)
_FORWARDED = (
    r"forwarded message|forwarded mail|forwarded by .{0,200}|forwarded|begin forwarded message|"
    r"start of forwarded message|fwd|"
    r"weitergeleitete (?:nachricht|mail|e-mail)|weitergeleitet von .{0,200}|"
    r"message (?:transféré|transmis|réexpédié)|transféré par .{0,200}|mensaje reenviado|reenviado por .{0,200}|"
    r"messaggio inoltrato|inoltrato da .{0,200}|doorgestuurd bericht|doorgestuurd door .{0,200}|"
    r"wiadomość przekazana|(?:przekazana|przesłana dalej) wiadomość|mensagem (?:encaminhada|reencaminhada)|"
    r"(?:přeposlaná|předávaná) zpráva|(?:iletilen|iletilmiş) (?:mesaj|ileti)|yönlendirilmiş (?:mesaj|ileti)|"
    r"videresendt (?:meddelelse|besked|melding)|vidarebefordrat (?:meddelande|brev)|välitetty viesti|"
    r"továbbított (?:üzenet|levél)|пересылаемое сообщение|пересланное сообщение|переслано|"
    r"(?:переслане|перенаправлене) повідомлення|转发邮件信息|轉寄郵件|转发的邮件|"
    r"転送(?:された)?メッセージ|전달된 메시지|προωθημένο μήνυμα|mesaj redirecționat|proslijeđena poruka|"
    r"preposlaná správa"
)
# The line of Apple's programs above a mail passed on.
_BEGINS_FORWARDED = (
    r"begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|"
    r"début du (?:message|courriel) (?:réexpédié|transféré)|inicio del mensaje reenviado|"
    r"inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht|początek przekazywanej wiadomości|"
    r"início da mensagem (?:encaminhada|reencaminhada)|začátek přeposílané zprávy|začiatok preposlanej správy|"
    r"iletilmiş mesajın başlangıcı|vidarebefordrat (?:brev|mejl|e-postmeddelande)|(?:start på )?videresendt (?:besked|"
    r"melding|meddelelse)|välitetty viesti alkaa|továbbított (?:levél|üzenet) kezdete|început mesaj redirecționat|"
    r"початок листа, що пересилається|начало переадресованного сообщения|転送されたメッセージ|开始转发的邮件|"
    r"開始轉寄郵件|"
    r"전달된 메시지 시작|početak proslijeđene poruke|inici del missatge reenviat|αρχή προωθημένου μηνύματος"
)
_RULES = r"[ \t>*]{0,8}[-_=*~─—–]{2,80}[ \t*]{0,6}"
_RULES_END = r"[ \t*:]{0,6}[-_=*~─—–]{2,80}[ \t*:]{0,8}$"
ORIGINAL = re.compile(rf"{_RULES}(?:{_ORIGINAL}){_RULES_END}", re.IGNORECASE)
FORWARDED = re.compile(
    rf"(?:{_RULES}(?:{_FORWARDED}){_RULES_END}|[ \t>*]{{0,8}}(?:{_BEGINS_FORWARDED})[ \t*]{{0,6}}[:：][ \t*]{{0,6}}$)",
    re.IGNORECASE,
)
RULE = re.compile(r"[ \t*]{0,8}[-_=─—–]{4,200}[ \t*]{0,6}$")
RULE_WITH_WORDS = re.compile(r"[ \t*]{0,8}[-_=*~─—–]{2,80}[ \t]{0,6}\w[^\n]{0,80}[-_=*~─—–]{2,80}[ \t*]{0,6}$")
# The dashes are taken once and for all ("+"): over many such lines each of them would be tried as a beginning.
NOTES_RULE = re.compile(
    rf"[ \t]{{0,4}}-{{3,40}}+.{{0,200}}(?:{_VERBS})[ \t]{{0,3}}:?[ \t]{{0,3}}-{{2,40}}[ \t]{{0,4}}$", re.IGNORECASE
)
# GroupWise: ">>> Ada Brand <ada@example.org> 04.03.2024 10:12 >>>", and below it the mail without any mark.
GROUPWISE_RULE = re.compile(r">>> .{3,200} >>>[ \t]{0,4}$")

# Somebody says that the answers stand within the mail below.
_POINTS = (
    r"(?:see|find|answer\w*|repl(?:y|ies|ied)|comment\w*|respon(?:se|ses|ded)) .{0,40}(?:below|in-?line|in (?:red|blue|"
    r"green|bold|the (?:text|mail)))|(?:siehe|antwort\w*|anmerkung\w*|kommentar\w*|ergänz\w*|beantwort\w*) .{0,40}"
    r"(?:unten|inline|im text|in (?:rot|blau|grün)|(?:rot|blau|grün|farbig)|in (?:der|ihrer|deiner) mail)|"
    r"(?:voir|réponses?|commentaires?) .{0,40}(?:ci-dessous|dans le (?:texte|message|corps)|en (?:rouge|bleu))|"
    r"(?:ver|vea|respuestas?|comentarios?|respondo) .{0,40}(?:abajo|debajo|en (?:rojo|azul|el texto))|"
    r"(?:vedi|rispost[ae]|comment[io]) .{0,40}(?:sotto|in (?:rosso|blu)|nel testo)|"
    r"(?:zie|antwoord\w*|reactie\w*) .{0,40}(?:onder|hieronder|in (?:het )?(?:rood|blauw)|in de tekst)|"
    r"(?:odpowied\w*|komentarz\w*|patrz|zobacz) .{0,40}(?:poniżej|w tekście|na czerwono)|"
    r"(?:ver|veja|respostas?|comentários?) .{0,40}(?:abaixo|em (?:vermelho|azul)|no texto)|"
    r"(?:viz|odpověd\w*|komentář\w*) .{0,40}(?:níže|v textu|červeně)|(?:cevap|yanıt)\w* .{0,40}aşağıda|"
    r"(?:se|svar\w*) .{0,40}(?:nedan|nedanför|nedenfor|nedenunder|i rö[td]|i rødt)"
)
POINTS_BELOW = re.compile(rf"(?<!\w)(?:{_POINTS})(?!\w)|(?<!\w)s\. ?u\.", re.IGNORECASE)
