"""What stands below a letter: dashes, the telephone's own line, footers of lists and companies; words line by line."""

import re

SIGNATURE_RULE = re.compile(r"[ \t]{0,4}(?:--|__|—|–|- -|---)[ \t]{0,4}$")

_PHONES = (
    "iphone|ipad|ipod|ios|android|samsung|galaxy|huawei|xiaomi|redmi|pixel|oneplus|oppo|nokia|lumia|htc|sony|xperia|"
    "motorola|blackberry|windows phone|windows ?1[01]|smartphone|handy|mobilgerät|mobiltelefon|mobile|téléphone|"
    "portable|"
    "teléfono|móvil|cellulare|telefono|telefoon|telefon|mobilu|telemóvel|celular|puhelimesta|cihazımdan|телефона?|"
    "apple "
    "watch|outlook|gmx|web\\.?de|freenet|t-online|yahoo|gmail|proton ?mail|tutanota|thunderbird|k-9|fairemail|aquamail|"
    "bluemail|spark|airmail|mailbird|newton|nine|boxer|hcl verse|ibm verse|notes|mail\\.ru|яндекс"
)
_SENT = (
    "sent|gesendet|geschickt|verschickt|verfasst|envoyé|expédié|enviado|enviada|inviato|inviata|verzonden|verstuurd|"
    "gestuurd|wysłan[oeay]|odesláno|odoslané|poslano|gönderildi|skickat|skickades|sendt|lähetetty|küldve|elküldve|"
    "trimis|"
    "надіслано|відправлено|отправлено|изпратено|στάλθηκε|送信|发自|來自|傳送|보냄|enviat|saadetud|nosūtīts|išsiųsta|"
    "đã gửi|dikirim|נשלח|أرسلت"
)
_FETCH = (
    "get|download|try|holen sie sich|hol dir|laden sie|télécharger|téléchargez|obtenir|obtener|descargar|obtén|ottieni|"
    "scarica|download(?:en)?|haal|krijg|pobierz|obter|obtenha|baixar|získejte|získat|stáhnout|edinin|indirin|hämta|"
    "skaffa|"
    "hent|få|skaff deg|hanki|lataa|beszerzése|letöltése|obțineți|descărcați|отримати|завантажити|скачать|получить|"
    "を入手|"
    "获取|下载|取得|下載|prenesi|preuzmite|získajte|aconsegueix"
)
_THIS = (
    r"(?:(?:this|diese|cet?|este|questa|deze|ta|esta|tato|bu|detta|denne|tämä|ez az?|acest|це|это)[ ]"
    r"[\w-]{1,16}[ ](?:\w{1,8}[ ]){0,2})?"
)
# A short line that names a telephone or a mail program and a word for sending or fetching, at its beginning or end.
NAMES_DEVICE = re.compile(rf"(?:{_PHONES})", re.IGNORECASE)
BEGINS_SENT = re.compile(rf"[ \t(\[*_<>-]{{0,6}}{_THIS}(?:{_SENT}|{_FETCH})(?!\w)", re.IGNORECASE)
BEGINS_FROM = re.compile(
    r"[ \t(\[*_<>-]{0,6}(?:von|vom|über|mit|from|az|iphone|ipad|ios|android|samsung|galaxy|huawei|outlook)",
    re.IGNORECASE,
)
ENDS_SENT = re.compile(rf"(?:{_SENT}|{_FETCH})(?: worden)?[ \t.!)\]*_>]{{0,6}}$", re.IGNORECASE)
# What may follow behind a comma: "sorry for typos", "an AT&T smartphone", "encrypted email".
EXCUSE = re.compile(
    r"[,;.] {0,3}(?:an?|encrypted|sorry|please|pls|excuse|forgive|pardon|apolog\w+|bitte|entschuldig\w*|tippfehler|"
    r"désolé|disculp\w+|scus\w+)(?!\w)[^.?!]{0,60}[.!]?$",
    re.IGNORECASE,
)

DEVICE = re.compile(
    r"[ \t(\[*_<-]{0,6}(?:"
    r"sent (?:from|via|using|by|with|on) (?:my |the |a )?[\w'’<(@][^,.!?]{0,80}|"
    r"sent from .{0,40}(?:<https?:[^>]{0,200}>|\(https?:[^)]{0,200}\))|"
    r"(?:diese (?:nachricht|e-?mail|mail) wurde )?(?:von|über|mit) (?:meinem?|der|dem|unterwegs)"
    r"[^.!?]{0,80}(?:gesendet|geschickt|verschickt)(?: worden)?|"
    r"gesendet (?:von|mit|über|aus)(?: meinem?r?)? [^.,!?]{1,60}|von unterwegs gesendet|"
    r"envoyé (?:de|d[’']|depuis|à partir de|à partir d[’']|avec|via)(?: mon| ma)? ?[^.,!?]{1,60}|"
    r"provenance : [^.,!?]{1,60}|"
    r"enviado (?:desde|con|do|pelo|a partir do|através do|via|de)(?: mi| meu)? [^.,!?]{1,60}|"
    r"inviato (?:da|dal|con|tramite)(?: mio)? [^.,!?]{1,60}|"
    r"(?:verstuurd|verzonden|gestuurd) (?:vanaf|vanuit|met|via|van)(?: mijn)? [^.,!?]{1,60}|"
    r"wysłan[eoay] (?:z|ze|za pomocą|przez)(?: mojego)? [^.,!?]{1,60}|odesláno (?:z|ze|pomocí)(?: mého)? [^.,!?]{1,60}|"
    r"[^.,!?]{1,40}['’]?(?:umdan|ımdan|imden|den|dan) gönderildi|"
    r"(?:sendt|skickat|lähetetty) (?:fra|från|med|via)?(?: min| mitt)? ?[^.,!?]{1,60}|trimis de pe [^.,!?]{1,60}|"
    r"отправлено (?:с|из|от)(?: моего| мобильной)? [^,.!?]{1,60}|надіслано (?:з|із) [^,.!?]{1,60}|发自我的.{1,30}|"
    r"來自我的.{1,30}|從我的.{1,30}|.{1,30}から送信|나의 .{1,30}에서 보냄|"
    r"\S{1,30} from mobile|(?:sent|typed) (?:from|on) my [^.!?]{1,60}[.,][ ]{0,3}(?:please |pls )?"
    r"(?:excuse|forgive|pardon|sorry)[^.!?]{1,60}|typed (?:on|with) (?:my )?[^.,!?]{1,40}|"
    r"from my (?:iphone|ipad|android|mobile|blackberry)[^.,!?]{0,40}"
    r")[ \t.!)\]*_>]{0,6}$",
    re.IGNORECASE,
)
LIST_FOOTER = re.compile(
    r"mailing[ -]list|listinfo|unsubscribe|subscription|to post to this (?:list|group)|abmelden|abbestellen",
    re.IGNORECASE,
)
LINK = re.compile(r"<(?:https?:|mailto:)[^<>]{0,1000}>|\(https?:[^()]{0,1000}\)|https?:\S{1,1000}")

_GREETINGS = (
    "hi|hello|dear|hallo|guten (?:tag|morgen|abend)|sehr geehrte[rs]?|liebe[rs]?|moin|servus|grüezi|bonjour|salut|cher|"
    "chère|madame|hola|buenos días|buenas tardes|estimad[oa]s?|ciao|buongiorno|gentile|goedemorgen|goedemiddag|geachte|"
    "beste|dzień dobry|cześć|szanown[aiy]|olá|bom dia|boa tarde|prezad[oa]s?|dobrý den|vážen[áíý]|ahoj|merhaba|sayın|"
    "hej"
)
GREETING = re.compile(rf"[ \t]{{0,4}}(?:{_GREETINGS})(?!\w)[^.:;!?]{{0,60}}[,!]?[ \t]{{0,4}}$", re.IGNORECASE)

# "Mit freundlichen Grüßen" alone on its line, perhaps with "aus Köln" behind it.
_CLOSINGS = (
    "mit freundlichen? gr(?:ü|ue)(?:ß|ss)(?:en)?|mit freundlichem gru(?:ß|ss)|freundliche gr(?:ü|ue)(?:ß|ss)e|"
    "(?:viele|beste|liebe|herzliche|sonnige|schöne|kollegiale) gr(?:ü|ue)(?:ß|ss)e|(?:mit )?(?:besten?|herzlichen|"
    "vielen) gr(?:ü|ue)(?:ß|ss)en|hochachtungsvoll|gru(?:ß|ss)|mfg|vg|lg|bg|(?:best|kind|warm|many) (?:regards|wishes)|"
    "regards|sincerely|yours (?:sincerely|faithfully|truly)|thanks(?: and regards)?|cheers|best|cordialement|"
    "bien (?:cordialement|à vous)|sincères salutations|meilleures salutations|saludos(?: cordiales)?|atentamente|"
    "un saludo|cordiali saluti|distinti saluti|saluti|met vriendelijke groeten?|vriendelijke groeten?|groeten|"
    "pozdrawiam|z poważaniem|atenciosamente|cumprimentos|com os melhores cumprimentos|s pozdravem|saygılarımla|"
    "med vänlig(?:a)? hälsning(?:ar)?|med venlig hilsen|mvh|ystävällisin terveisin|üdvözlettel"
)
CLOSING = re.compile(rf"[ \t]{{0,8}}(?:{_CLOSINGS})(?:[ ][\w ]{{1,30}})?[ \t,.!*]{{0,6}}$", re.IGNORECASE)
# What a company must print below its letters, and what its lawyers like to.
_LEGAL = (
    r"geschäftsführ(?:er|erin|ung)|gesch(?:ä|ae)ftsf(?:ü|ue)hrer|amtsgericht|registergericht|handelsregister|"
    r"hr ?[ab][ :.-]{0,3}(?:nr\.? ?)?\d|ust\.?-?(?:id|ident)|umsatzsteuer-id|steuernummer|sitz der gesellschaft|"
    r"vorsitzende[rn]? des (?:aufsichtsrat|vorstand)|aufsichtsratsvorsitz|vorstandsvorsitz|firmenbuch(?:nummer|"
    r"gericht)|"
    r"registered (?:office|in england)|company (?:number|registration)|vat (?:no|number|reg)|siret|rcs [a-z]|"
    r"capital social|partita iva|p\. ?iva|kvk[- ]?(?:nr|nummer)|handelsregister|krs[: ]|datenschutz(?:hinweis|"
    r"erklärung)|"
    r"informationen (?:zum|zur verarbeitung)"
)
_NOTICE = (
    r"(?:e-?mail|nachricht|mitteilung|message|communication|correo|mensaje|messaggio|bericht|wiadomość|"
    r"mensagem).{0,120}"
    r"(?:vertraulich|confidential|confidencial|riservat|vertrouwelijk|poufn)|"
    r"(?:vertraulich|confidential|confidencial|riservat|vertrouwelijk|poufn).{0,120}(?:e-?mail|nachricht|message|"
    r"empfänger|adressat|recipient|addressee|destinat|ontvanger|adresat)|"
    r"nicht der (?:richtige|beabsichtigte|vorgesehene) (?:adressat|empfänger)|not the (?:intended|named) (?:recipient|"
    r"addressee)|"
    r"(?:before|bevor|avant|antes|prima|voordat).{0,60}(?:print|drucken|imprim|stampa|afdrukt)|"
    r"(?:environment|umwelt|environnement|medio ambiente|ambiente|milieu).{0,60}(?:print|druck|imprim|stampa)"
)
COMPANY_FOOTER = re.compile(rf"(?<!\w)(?:{_LEGAL})|(?:{_NOTICE})", re.IGNORECASE)
