"""What mail servers say when they do not take a mail, by what it means: one table of wordings, read top to bottom."""

import re
from enum import StrEnum


class Reason(StrEnum):
    """Why a mail did not arrive."""

    UNKNOWN_USER = "unknown_user"
    UNKNOWN_HOST = "unknown_host"
    MOVED = "moved"
    NO_MAIL = "no_mail"  # the domain takes no mail at all
    DISABLED = "disabled"
    FULL = "full"
    FILTERED = "filtered"  # the recipient's own filter, or an "unknown" that nothing else confirms
    TOO_BIG = "too_big"
    RATE = "rate"
    SENDER = "sender"
    AUTHENTICATION = "authentication"
    SPAM = "spam"
    POLICY = "policy"
    NETWORK = "network"
    EXPIRED = "expired"
    SYSTEM = "system"
    UNSAID = ""


# What is addressed, as servers name it. `_GAP` stays within the sentence.
_WHOM = (
    r"(?:users?|recipients?|mail ?box(?:es)?|inbox|accounts?|address(?:ee)?(?:es)?|e-?mails?|person|alias|login|"
    r"destination|destinataire|usuario|utente|indirizzo|casilla|konto|benutzer|empfänger\w{0,12}|adresse\w{0,12}|postfach)"
)
_GAP = r"[^.;!?]{0,60}?"
_ABSENT = (
    r"(?:does ?n[o']t (?:appear to )?exist|do(?:es)? not exist|did not exist|is not (?:a )?(?:known|valid|"
    r"recogni[sz]ed)|"
    r"isn't (?:known|valid)|(?:was|were|is|are|could|can)(?: ?n[o']t|not) (?:be )?(?:found|recogni[sz]ed|located)|"
    r"not listed|not present|"
    r"no longer (?:exists?|valid|available|in use|active|here|used|accepts|works|employed)|nicht gefunden|"
    r"existiert nicht|"
    r"(?:n'existe|n'est) (?:pas|plus)|no existe|n[ãa]o existe|non esiste|bestaat niet|nie istnieje|neexistuje|"
    r"не существует|не найден)"
)

# A sentence that leaves no doubt, said by whoever keeps the list of users.
UNKNOWN_FOR_SURE = re.compile(
    rf"{_WHOM}{_GAP}{_ABSENT}|(?:does ?n[o']t|does not|do not) have (?:an? )?(?:\S{{1,60}} ){{0,3}}(?:account|"
    rf"mailbox)|"
    r"no (?:mailbox|account|mail box)[^.;]{0,20} by (?:that|this) name|(?:is )?not listed in|nicht (?:im|"
    r"in)[^.;]{0,40}(?:verzeichnis|adressbuch)|(?<!domain )(?<!host )name (?:was|is) not found|"
    r"unknown (?:user|recipient)s?: ?(?:@|\"|$)|invalid final delivery|"
    r"not (?:found )?in (?:the )?(?:global )?(?:address|directory)|"
    r"name is not recogni[sz]ed|no longer (?:with|an employee|employed|works|at this)|there is no one at this|"
    r"(?:account|mailbox|address)[^.;]{0,20}(?:has been|was|is) (?:deleted|removed|closed|terminated|cancell?ed)|"
    r"check (?:if|that|whether) (?:the |this )?(?:e-?mail )?address is (?:correct|right)|wrong or no longer valid|"
    r"no valid recipients? for|address (?:is )?(?:incorrect|wrong|misspelled)|recipnotfound|adr\.recip|"
    r"sorry, no mailbox here|address_not_found|not present in (?:the )?directory|no one with that|nie ma takiego|"
    r"inesistente|destinatario errato|handle mail for that user|not found in (?:ldap|our|the)|"
    r"unable to find (?:alias|user)|"
    r"not known to|bad-destination-mailbox|bad destination (?:mailbox|e-?mail)|address lookup failed|"
    r"送信先メールアドレスが見つから|メールアドレスが(?:存在|間違)|無効なアドレス|ユーザが存在|宛先(?:が|不明)|存在しない|"
    r"(?:用户|收件人|邮箱|地址|帐号|账号|使用者|收件者|信箱)[^。，]{0,12}(?:不存在|找不到|未找到)|사용자가 없|존재하지"
)
# The short replies of servers; what they mean depends on when they are given.
UNKNOWN_PERHAPS = re.compile(
    r"(?:user|recipient|addressee|mailbox|account|address|local part|alias)s? (?:is |are |was |name )?"
    r"(?:unknown|invalid|unavailable|unavaiable|not (?:found|known|exist\w{0,12}|valid|local|here|ok|accepted|"
    r"recogni[sz]ed|on this))|"
    r"unknown (?:local )?(?:virtual )?(?:user|recipient|address\w{0,12}|local|mailbox|account|e-?mail|alias|login|"
    r"or illegal alias)|"
    r"no such (?:user|person|recipient|mail ?box|address|account|e-?mail|local|alias|customer|virtual|maildrop|"
    r"mail drop)|"
    r"no (?:local )?mail ?box|no account|no user|"
    r"(?:invalid|illegal|bad|wrong|incorrect|non-?existent|"
    r"nonexistant) (?:final delivery )?(?:or unknown )?(?:virtual )?(?:user\w{0,12}|account|recipients?|mail ?box|"
    r"address\w{0,12}|"
    r"local|alias|e-?mail)|"
    r"not a (?:valid|known|local) (?:user|mail ?box|recipient|address|e-?mail)|not our (?:customer|user)|"
    r"not known here|"
    r"bad ?rcpt|badrcptto|validrcptto|can't accept user|undeliverable address|(?:address|"
    r"recipient) (?:is )?rejected[. ]*$|"
    r"rejected (?:the )?(?:address|recipient)|no valid recipients?|does(?: ?n[o']t| not) exist|"
    r"(?<!may )(?<!might )not exist|"
    r"unbekannt|inconnu|desconocid|sconosciut|desconhecid|onbekend|nieznany|neznám|неизвестн|"
    r"adresse[^.;]{0,30}invalide|destinataire[^.;]{0,30}(?:invalide|inexistant)|no existe|bilinmeyen"
)
# Postfix's way to refuse an address, when it gives no reason, and Exchange Online's for one that it does not know.
UNKNOWN_BY_REFUSAL = re.compile(r"recipient address rejected[.: ]*(?:access denied|see |\[|\(|\)|$)")

_MOVED = (
    r"has moved|no longer on (?:this )?server|(?:address|he|she|user) (?:has )?(?:changed|left)|new address|"
    r"has been replaced by|"
    r"no forwarding address|mailbox moved"
)
_NO_MAIL = (
    r"null ?mx|does(?: ?n[o']t| not) (?:accept|receive) (?:any )?(?:e-?)?mail(?! from)|"
    r"not accepting (?:network )?messages|"
    r"mail receiving disabled|no mail (?:service|is accepted)"
)
_UNKNOWN_HOST = (
    r"host (?:is )?(?:unknown|not found)|unknown (?:mail )?(?:host|domain)|host or domain name not found|"
    r"(?:domain|host)(?: name)?[^.;,]{0,40}?(?:(?:does ?n[o']t|does not|not) exist|not found|unknown|non-?existent|"
    r"is invalid)|"
    r"no such (?:domain|host)|un(?:routeable|routable) (?:mail )?(?:domain|address)|nxdomain|"
    r"name or service not known|"
    r"(?:illegal|invalid|bad|bad destination) (?:host|domain|system)|"
    r"couldn't find (?:any host|a mail exchanger|host)|can(?:'t|not) find (?:any )?host|no (?:valid )?mx|"
    r"no mail exchanger|host lookup failed|"
    r"all host address lookups failed|non-?existent hosts|dns lookup failure|unable to find host|domain (?:isn't|"
    r"is not) (?!in (?:my|our))"
)
_FULL = (
    r"quota|mail ?box(?:es)?[^.;]{0,40}(?:full|exceed|over)|(?:inbox|folder|mailfolder|disk|storage|mail ?drop|"
    r"maildir|account|file system|filesystem|space)[^.;]{0,40}(?:\bfull\b|exceed)|"
    r"\bis full\b|out of (?:storage|disk|space)|(?:insufficient|not enough|no|lack of) (?:system |disk |"
    r"free )*(?:storage|space|room)|too much mail|zu ?viele mails|has exceeded|"
    r"exceed\w{0,12}[^.;]{0,40}(?:local|storage|space|mail ?box|allowed size|disk)|storage (?:space|limit)|"
    r"no space left|"
    r"voll\b|plein|llen[oa]|pien[oa]\b|いっぱい|容量|已满|переполнен|zapełnion"
)
_RATE = (
    r"too (?:many(?! hops)|fast|frequent)|rate ?-?limit|rate (?:of|exceed|control)|throttl|frequency|gr[ae]y-?list|"
    r"\b(?:daily|hourly|sending|message|mail)\b(?! size)[^.;]{0,25}(?:limit|quota)[^.;]{0,20}(?:exceed|reach)|"
    r"(?:exceed|"
    r"reach)\w{0,12}[^.;]{0,40}(?:daily|hourly|rate|number of|limit of|connection|relay quota)|"
    r"unexpected volume|has sent to|concurren"
)
_TOO_BIG = (
    r"(?:messages?|mail|headers?|line|size|attachment|length|content)s?[^.;]{0,40}(?:too (?:big|large|heavy)|"
    r"exceed\w{0,12})|"
    r"(?:headers?|lines?|size|length|content|subject)[^.;]{0,40}too long|"
    r"size limit|line limit|too (?:big|large)\b|max\w{0,12} (?:message |allowed )?size|"
    r"exceed\w{0,12}[^.;]{0,40}(?:size|"
    r"length)|zu (?:groß|gross)|trop (?:gros|volumineux)"
)
_SENDER = (
    r"sender(?:'s)? (?:address|domain|id\b|verif|e-?mail|host)|"
    r"sender (?:is |was |has been )?(?:denied|reject|refused|blocked|unknown|invalid|not (?:found|valid|known|exist|"
    r"ok))|"
    r"domain of (?:the )?sender|"
    r"un(?:routeable|routable) sender|(?:\bmail|envelope|\bfrom|return)[ -](?:from|sender|"
    r"path)[^.;]{0,40}(?:reject|refus|denied|invalid|unknown|block|not|does)|"
    r"invalid (?:sender|from)|bad sender|verify (?:the )?sender|could not verify sender|sender verify|from: header|"
    r"addresses in from|"
    r"your (?:domain|address|mail server)[^.;]{0,40}(?:does not exist|not exist|unknown|reject|not accept)"
)
_DISABLED = (
    rf"{_WHOM}{_GAP}(?:disabled|suspended|locked|frozen|blocked|bloqu|bloccat|inactiv|disattivat|desactiv|expirado|"
    rf"zablokowan|"
    rf"not currently being accepted|inactive|deactivated|on hold|not active|"
    rf"expired|gesperrt|deaktiviert|restricted|over the limit)|"
    rf"(?:disabled|suspended|inactive|locked|frozen|deactivated|expired) {_WHOM}|"
    rf"temporar\w{{1,12}} (?:locked|disabled)|"
    rf"アカウント[^。]{{0,10}}停止"
)
_AUTHENTICATION = (
    r"\bspf\b|\bdkim\b|\bdmarc\b|reverse dns|\brdns\b|\bptr\b|fcrdns|unauthenticated|not authenticated|authenticat|"
    r"sender policy|"
    r"(?:helo|ehlo)[^.;]{0,30}(?:reject|invalid|not|must|need)|mismatches? client|no valid reverse|"
    r"hostname (?:lookup|not)|client host rejected"
)
_SPAM = (
    r"spam|\bub[em]\b|\buc[em]\b|\bjunk\b|unsolicited|bulk|virus|malware|phish|infected|suspicious|message content|"
    r"content (?:reject|filter|restrict|not)|"
    r"dns ?bl|\brbl\b|black ?list|block ?list|black ?hole|deny ?list|(?<!not )listed (?:by|in|at|on)|reputation|"
    r"\bblocked\b|banned|abuse|complaint|"
    r"unfortunately, messages from|barracuda|fingerprint|score"
)
_FILTERED = (
    r"preferences|filter|has (?:blocked|refused|denied)|refuses? to accept|"
    r"on (?:your|the) (?:white|safe) ?list|challenge"
)
_POLICY = (
    r"polic(?:y|ies)|not (?:be )?(?:allowed|permitted|authori[sz]ed|trusted|accepting (?:mail|connections|messages))|"
    r"unauthori[sz]ed|relay|rcpthosts|security|restrict|access (?:is )?(?:denied|not|forbidden)|"
    r"permission|permitted|forbidden|refused to talk|prohibited|not (?:a )?member|are not member|subscribers?|"
    r"moderat|starttls|\btls\b|certificate|encrypt|violat|not compl|"
    r"administrative|disclaim|berechtig|autoris|autorizz|permis(?:o|sos)|許可|権限"
)
_DNS_TROUBLE = (
    r"(?:not found|name service error|lookup|resolv\w{1,12}|dns)[^.;]{0,60}(?:try again|timed? ?out|did not complete|"
    r"temporar|servfail|server fail)|malformed|servfail|"
    r"host name lookup failure|dns (?:query|server)|unverified address"
)
_NETWORK = (
    r"loop|too many hops|hop count|hops|no route to host|(?:network|host|server) (?:is )?(?:unreachable|down)|"
    r"network error|"
    r"unable to resolve|forwarding loop"
)
_TIME = (
    r"tim(?:ed|e) ?-?out|timeout|retry time|too long|expire|(?:for|after|in) (?:more than |"
    r"the last )?\d+(?:\.\d+)? ?(?:days?|hours?|hour\(s\)|day\(s\)|minutes)|"
    r"no route to host|connection (?:is |was )?refused|network (?:is )?unreachable|host (?:is )?(?:unreachable|"
    r"not reachable|down)|giving up on|lost connection|"
    r"connection (?:was )?(?:lost|dropped|closed|reset|died|failed|aborted|error)|conversation with|temporar(?:y|"
    r"ily)|deferred|"
    r"unable to (?:connect|establish|contact)|cannot (?:connect|contact)|can't (?:connect|contact)|"
    r"couldn't (?:establish|connect|contact)|"
    r"could not (?:connect|be contacted|contact|establish)|not responding|no answer|will be retried|"
    r"still being (?:retried|tried)|"
    r"socket error|requests to connect|retries|aborted after|given up|could not find a gateway|did not (?:respond|"
    r"answer)|unreachable|"
    r"接続(?:でき|に失敗)|タイムアウト"
)
_SYSTEM = (
    r"system (?:error|config|failure|resources)|internal|configuration|config error|service (?:is )?(?:currently |"
    r"temporarily )?(?:not available|unavailable|refus)|"
    r"resources?|mailer|queue file|could not load|out of memory|i/o error|temporary (?:failure|problem|error)|"
    r"try (?:again )?later|unexpected|"
    r"protocol|syntax|sequence|not implemented|transaction failed|server error|processing|unable to (?:process|write|"
    r"open)|cannot (?:open|append|create)|can't create|"
    r"database|ldap|\bbusy\b|\bload\b|requested action aborted|overload|parameter|command"
)
_LOCAL_PROGRAM = (
    r"pipe to|generated during the delivery attempt|child (?:process|status)|exit(?:ed)? (?:with )?(?:status|code)|"
    r"returned exit|"
    r"command (?:died|failed|time limit)|mailer (?:exited|error|returned)|local delivery failed|can't (?:create|"
    r"open)|cannot (?:create|open)|command output"
)
_REFUSED = r"reject|refus|denied|denies|declin|not accept|unaccept|bounced|rejet|abgelehnt|verweigert|rechaza|rifiut"

_UNKNOWN = (Reason.UNKNOWN_USER, UNKNOWN_FOR_SURE), (Reason.UNKNOWN_USER, UNKNOWN_PERHAPS)

# Ranks, tried one after the other; within a rank, what is said first counts.
RANKS: tuple[tuple[tuple[Reason, re.Pattern[str]], ...], ...] = (
    ((Reason.UNKNOWN_USER, UNKNOWN_BY_REFUSAL),),
    ((Reason.RATE, re.compile(_RATE)),),
    ((Reason.FULL, re.compile(_FULL)),),
    ((Reason.TOO_BIG, re.compile(_TOO_BIG)),),
    ((Reason.SENDER, re.compile(_SENDER)), (Reason.SYSTEM, re.compile(_LOCAL_PROGRAM))),
    ((Reason.NETWORK, re.compile(_DNS_TROUBLE)), (Reason.AUTHENTICATION, re.compile(_AUTHENTICATION))),
    (
        (Reason.MOVED, re.compile(_MOVED)),
        (Reason.DISABLED, re.compile(_DISABLED)),
        (Reason.SPAM, re.compile(_SPAM)),
        (Reason.FILTERED, re.compile(_FILTERED)),
        (Reason.POLICY, re.compile(_POLICY)),
        (Reason.NO_MAIL, re.compile(_NO_MAIL)),
        (Reason.UNKNOWN_HOST, re.compile(_UNKNOWN_HOST)),
        *_UNKNOWN,
    ),
    ((Reason.NETWORK, re.compile(_NETWORK)),),
    ((Reason.EXPIRED, re.compile(_TIME)),),
    ((Reason.SYSTEM, re.compile(_SYSTEM)),),
    ((Reason.POLICY, re.compile(_REFUSED)),),
)
