"""How mail programs introduce what they quote, in the languages of our people: words, each used by `quotes` line by "
"line."""

import re

# The keywords of a quoted header ("From: … Sent: … To: … Subject: …"), by what they say.
_FROM = (
    "from|von|absender|de|expéditeur|remitente|da|mittente|van|afzender|od|nadawca|odesílatel|kimden|gönderen|fra|"
    "från|avsändare|"
    "lähettäjä|feladó|от|від|από|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|de la|מאת|من"
)
_DATE = (
    "sent|date|message du|message from|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|"
    "enviada|enviada em|enviado em|fecha|data|inviato|"
    "verzonden|wysłano|odesláno|odesl\\.|gönderildi|gönderme tarihi|tarih|sendt|dato|skickat|lähetetty|päivämäärä|"
    "elküldve|küldve|dátum|"
    "отправлено|дата|надіслано|ημερομηνία|στάλθηκε|发送时间|日期|寄件日期|送信日時|日時|"
    "날짜|보낸 날짜|trimis|sent at|sent on|נשלח|تاريخ"
)
_TO = (
    "to|an|empfänger|à|a|pour|destinataire|para|destinatario|aan|do|adresat|komu|pro|kime|alıcı|til|till|"
    "vastaanottaja|címzett|кому|προς|"
    "收件人|收件者|宛先|받는 사람|către|אל|إلى"
)
_SUBJECT = (
    "subject|betreff|objet|sujet|asunto|oggetto|onderwerp|temat|assunto|předmět|konu|emne|ämne|aihe|tárgy|тема|θέμα|"
    "主题|主旨|件名|제목|"
    "subiect|topic|re|נושא|الموضوع"
)
_OTHER = (
    "cc|kopie|copie|copia|kopia|dw|cópia|kopi|bilgi|bcc|копия|抄送|副本|reply-to|reply to|antwort an|"
    "organization|importance|priorität|attachments|anlagen"
)

HEADER_LINE = re.compile(
    rf"[ \t\u00a0>|*_]{{0,12}}(?:(?P<from>{_FROM})|(?P<date>{_DATE})|(?P<to>{_TO})|(?P<subject>{_SUBJECT})|"
    rf"(?P<other>{_OTHER}))[ \t\u00a0]{{0,3}}[*_]{{0,2}}[ \t\u00a0]{{0,12}}[:：]",
    re.IGNORECASE,
)

# What stands before the colon of "On Monday, Ada wrote:".
_VERBS = (
    r"wrote|writes|schrieb|hat (?:am .{0,60} )?geschrieben|a écrit|écrit|a écrit ceci|escribió|escribio|ha escrito|"
    r"ha scritto|scrive|scritto|schreef|"
    r"geschreven|heeft geschreven|napisał|napisała|napisał\(a\)|pisze|escreveu|napsal|napsala|napsal\(a\)|napísal|"
    r"píše|yazdı|yazmış|skrev|"
    r"kirjoitti|írta|ezt írta|пишет|написал|написала|написав|έγραψε|写道|寫道|さんは書きました|"
    r"님이 작성|작성|a scris|je napisao|"
    r"je napisala|"
    r"wrote on|schrieb am|schrieb folgendes|كتب|כתב|reageerde|said|kirjutas|rašė|đã viết|viết|a répondu|написал\(а\)|"
    r"пишет|ha respondido|sendte|schreibt|wrote/schrieb|hat folgendes geschrieben|escreveu na mensagem|a trimis|"
    r"pisao|pisala"
)
VERB = re.compile(rf"(?<!\w)(?:{_VERBS})(?!\w)|写道|寫道|写到|さんは書きました", re.IGNORECASE)
# The words that end an introduction which lost its colon.
_LAST = (
    "wrote schrieb geschrieben écrit escribió escribio scritto schreef geschreven napisał napisała napisał(a) escreveu "
    "napsal napsala napsal(a) napísal yazdı yazmış skrev kirjoitti írta написал написала написал(а) пишет "
    "написав έγραψε viết sent"
)
LAST_WORDS = frozenset(_LAST.split())
VERB_AT_END = re.compile(
    rf"(?:(?<!\w)|(?<=[>\])]))(?:{_VERBS}|sent)(?:\(a\))?[ \t\u00a0]{{0,3}}(?:this|the following|folgendes|следующее|"
    rf":)?[ \t\u00a0]{{0,3}}[:：]?[ \t\u00a0*_-]{{0,8}}$",
    re.IGNORECASE,
)
_DAYS = (
    "mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|lør|søn|tir|ons|tors?|fre|man|mån|"
    "tis|lör|sön|pon|wt|śr|czw|pt|"
    "sob|niedz|út|st|čt|pá|ne|po|pzt|sal|çar|per|cum|cmt|paz|seg|ter|qua|qui|sex|sáb|dom|mié|jue|vie|vi|ma|wo|vr|za|"
    "zo|пн|вт|ср|чт|пт|сб|вс|"
    "понедельник|вторник|сред|четверг|пятниц|суббот|воскресень|στις|δευ|τρι|τετ|πεμ|παρ|σαβ|κυρ"
)
OPENS_INTRODUCTION = re.compile(
    rf"[ \t\u00a0*_-]{{0,6}}(?:(?:on|at|am|um|le|el|il|in data|in|op|w dniu|dnia|em|no dia|a|dne|den|v|на|в|στις|kl|"
    rf"dana|pe|le|à|vào|lúc|tarihinde|il giorno|el día|u)[ \t\u00a0]"
    rf"|(?:{_DAYS})[a-zäöüčéêšžąęłíøåýñç]{{0,10}}(?:[.,]{{1,2}}[ \t\u00a0]|[ \t\u00a0](?=\d))|\d{{1,4}}[-./年 ]|"
    rf"在[ ]?\d)",
    re.IGNORECASE,
)
OF_ONESELF = re.compile(
    r"\b(?:i|ich|wir|we|je|nous|yo|ik|wij)\b[ ](?:\w{1,20}[ ])?(?:wrote|write|geschrieben|schrieb|schrieben|écrit|"
    r"écris|escribí|schreef)|(?:schrieb(?:en)?|hatte|schreef)[ ](?:ich|wir|ik|wij)\b",
    re.IGNORECASE,
)
HAS_TIME = re.compile(r"(?<!\d)\d{1,2}[:.hH]\d{2}(?!\d)")
HAS_DATE = re.compile(
    r"\d{1,2}[:.hH]\d{2}(?!\d)|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d月|\d{1,2}\.? ?(?:jan|feb|"
    r"mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]{1,80}@[^\s<>()\[\]:;,\"]{2,120}")

_ORIGINAL = (
    r"original message|original mail|original appointment|original e-?mail|reply message|ursprüngliche (?:nachricht|"
    r"mail|e-mail)|original-?nachricht|originalnachricht|"
    r"message d'origine|message original|message initial|mensaje original|messaggio originale|messaggio orig|"
    r"oorspronkelijk bericht|"
    r"oorspronkelijke bericht|origineel bericht|oryginalna wiadomość|wiadomość oryginalna|wiadomość oryginalna|"
    r"mensagem original|původní zpráva|"
    r"původní e-mail|özgün ileti|orijinal (?:mesaj|ileti)|orjinal mesaj|oprindelig (?:meddelelse|besked)|"
    r"opprinnelig melding|ursprungligt meddelande|"
    r"originalmeddelande|alkuperäinen viesti|eredeti üzenet|исходное сообщение|исходящее сообщение|пересылаемое|"
    r"оригінальне|αρχικό μήνυμα|原始邮件|原始郵件|原郵件|"
    r"元のメッセージ|"
    r"original messages?|원본 (?:메시지|메일)|mesaj original|mesajul original|izvorna poruka|pôvodná správa|"
    r"reply separator|antwort(?:en)?|ответ|"
    r"quoted message|zitierte nachricht|vorherige nachricht|previous message"
)
_FORWARDED = (
    r"forwarded message|forwarded mail|forwarded by .{0,200}|forwarded|begin forwarded message|"
    r"start of forwarded message|fwd|"
    r"weitergeleitete (?:nachricht|mail|e-mail)|weitergeleitet von .{0,200}|anfang der weitergeleiteten nachricht|"
    r"message transféré|message transmis|transféré par .{0,200}|début du message (?:réexpédié|transféré)|"
    r"mensaje reenviado|inicio del mensaje reenviado|"
    r"messaggio inoltrato|inizio messaggio inoltrato|inoltrato da .{0,200}|doorgestuurd bericht|"
    r"begin doorgestuurd bericht|wiadomość przekazana|przekazana wiadomość|"
    r"początek przekazywanej wiadomości|mensagem (?:encaminhada|reencaminhada)|início da mensagem (?:encaminhada|"
    r"reencaminhada)|přeposlaná zpráva|"
    r"předávaná zpráva|začátek přeposílané zprávy|iletilen mesaj|yönlendirilmiş (?:mesaj|ileti)|iletilen ileti|"
    r"videresendt (?:meddelelse|besked|melding)|vidarebefordrat meddelande|"
    r"välitetty viesti|továbbított (?:üzenet|levél)|пересылаемое сообщение|пересланное сообщение|переслано|"
    r"转发邮件信息|轉寄郵件|转发的邮件|"
    r"転送(?:された)?メッセージ|전달된 메시지|προωθημένο μήνυμα|mesaj redirecționat|proslijeđena poruka"
)
_RULES = r"[ \t\u00a0>*]{0,8}[-_=*~─—–]{2,80}[ \t\u00a0*]{0,6}"
_RULES_END = r"[ \t\u00a0*:]{0,6}[-_=*~─—–]{2,80}[ \t\u00a0*:]{0,8}$"
ORIGINAL = re.compile(rf"{_RULES}(?:{_ORIGINAL}){_RULES_END}", re.IGNORECASE)
FORWARDED = re.compile(
    rf"(?:{_RULES}(?:{_FORWARDED}){_RULES_END}"
    r"|[ \t\u00a0>*]{0,8}(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|"
    r"début du message (?:réexpédié|transféré)|"
    r"inicio del mensaje reenviado|inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht|"
    r"początek przekazywanej wiadomości|"
    r"início da mensagem (?:encaminhada|reencaminhada)|"
    r"začátek přeposílané zprávy)[ \t\u00a0*]{0,6}:[ \t\u00a0*]{0,6}$)",
    re.IGNORECASE,
)
RULE = re.compile(r"[ \t\u00a0*]{0,8}[-_=─—–]{4,200}[ \t\u00a0*]{0,6}$")
NOTES_RULE = re.compile(
    rf"[ \t]{{0,4}}-{{3,40}}.{{1,200}}(?:{_VERBS})[ \t\u00a0]{{0,3}}:?[ \t]{{0,3}}-{{2,40}}[ \t]{{0,4}}$", re.IGNORECASE
)

SIGNATURE_RULE = re.compile(r"[ \t\u00a0]{0,4}(?:--|__|—|–|- -|---)[ \t\u00a0]{0,4}$")
DEVICE = re.compile(
    r"[ \t\u00a0(\[*_<-]{0,6}(?:"
    r"sent (?:from|via|using|by|with|on) (?:my |the |a )?[\w'’<(@][^,.!?]{0,80}|(?:get|download) outlook for (?:ios|"
    r"android|mac)|"
    r"sent from .{0,40}(?:<https?:[^>]{0,200}>|\(https?:[^)]{0,200}\))|"
    r"(?:diese (?:nachricht|e-?mail|mail) wurde )?(?:von|über|mit) (?:meinem?|der|dem|unterwegs|outlook|iphone|"
    r"samsung)[^.!?]{0,80}(?:gesendet|geschickt|verschickt)(?: worden)?|"
    r"gesendet (?:von|mit|über|aus)(?: meinem?r?)? [^.,!?]{1,60}|von unterwegs gesendet|"
    r"(?:holen sie sich )?outlook für (?:ios|android)[^.!?]{0,60}|"
    r"diese nachricht wurde von meinem [^.!?]{1,80} gesendet|"
    r"(?:télécharger|obtenir|téléchargez) outlook pour (?:ios|android)|envoyé (?:de|depuis|à partir de|avec|"
    r"via)(?: mon| ma)? [^.,!?]{1,60}|provenance : [^.,!?]{1,60}|"
    r"(?:obtener|descargar) outlook para (?:ios|android)|enviado (?:desde|con|do|pelo|a partir do|através do|via|"
    r"de)(?: mi| meu)? [^.,!?]{1,60}|obter o outlook para (?:ios|android)|"
    r"(?:ottieni|scarica) outlook per (?:ios|android)|inviato (?:da|dal|con|tramite)(?: mio)? [^.,!?]{1,60}|"
    r"(?:download|haal) outlook (?:voor|for) (?:ios|android)(?: op)?|(?:verstuurd|verzonden|gestuurd) (?:vanaf|"
    r"vanaf mijn|met|via|van)(?: mijn)? [^.,!?]{1,60}|"
    r"(?:pobierz )?(?:program )?outlook (?:dla|na) (?:systemu )?(?:ios|android)|wysłan[eoay] (?:z|ze|za pomocą|"
    r"przez)(?: mojego)? [^.,!?]{1,60}|"
    r"(?:získat|stáhnout) outlook pro (?:ios|android)|odesláno (?:z|ze|pomocí)(?: mého)? [^.,!?]{1,60}|"
    r"[^.,!?]{1,40}['’]?(?:umdan|ımdan|imden|den|dan) gönderildi|(?:ios|android) için outlook[^.,!?]{0,30}|"
    r"(?:sendt|skickat|lähetetty) (?:fra|från|med|via)?(?: min| mitt)? ?[^.,!?]{1,60}|hent outlook (?:for|"
    r"til) (?:ios|android)|hämta outlook för (?:ios|android)|"
    r"отправлено (?:с|из|от)(?: моего| мобильной)? [^,.!?]{1,60}|надіслано (?:з|із) [^,.!?]{1,60}|发自我的.{1,30}|"
    r"來自我的.{1,30}|從我的.{1,30}|.{1,30}から送信|나의 .{1,30}에서 보냄|"
    r"sent from mobile[^.,!?]{0,40}|sent by [^.,!?]{1,30}|\S{1,30} from mobile|(?:sent|typed) (?:from|"
    r"on) my [^.!?]{1,60}[.,][ ]{0,3}(?:please |pls )?(?:excuse|forgive|pardon|sorry)[^.!?]{1,60}|typed (?:on|"
    r"with) (?:my )?[^.,!?]{1,40}|from my (?:iphone|ipad|android|mobile|blackberry)[^.,!?]{0,40}"
    r")[ \t\u00a0.!)\]*_>]{0,6}$",
    re.IGNORECASE,
)
LIST_FOOTER = re.compile(
    r"mailing[ -]list|listinfo|unsubscribe|subscription|to post to this (?:list|group)|abmelden|abbestellen",
    re.IGNORECASE,
)
LINK = re.compile(r"<(?:https?:|mailto:)[^<>]{0,1000}>|\(https?:[^()]{0,1000}\)|https?:\S{1,1000}")
