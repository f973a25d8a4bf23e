"""The words with which mail programs introduce a quote, in the languages of our people, from their own templates."""

from typing import NamedTuple

NAME, ADDRESS = "Ada Brand", "ada@example.org"


class Tongue(NamedTuple):
    """A language: introductions, the words of a quoted header, what telephones add."""

    gmail: str
    apple: str
    thunderbird: str
    yahoo: str
    header: str  # From|Sent|To|Subject of Outlook
    sent: str  # the date as Outlook writes it
    date: str  # the word of Samsung and Notes for the date
    original: str
    iphone: str
    outlook: str
    galaxy: str
    passed_on: str  # Apple's line above a mail passed on


def _tongue(words: str) -> Tongue:
    lines = [line.strip() for line in words.strip("\n").split("\n")]
    return Tongue(*(line.replace("{}", f"{NAME} <{ADDRESS}>").replace("{n}", NAME) for line in lines))


TONGUES = {
    "de": _tongue("""
        Am Mo., 4. März 2024 um 10:12 Uhr schrieb {}:
        Am 04.03.2024 um 10:12 schrieb {}:
        Am 04.03.24 um 10:12 schrieb {n}:
        Am Montag, 4. März 2024 um 10:12:00 MEZ hat {} Folgendes geschrieben:
        Von|Gesendet|An|Betreff
        Montag, 4. März 2024 10:12
        Datum
        Ursprüngliche Nachricht
        Von meinem iPhone gesendet
        Gesendet von Outlook für iOS
        Von meinem Samsung Galaxy Smartphone gesendet.
        Anfang der weitergeleiteten Nachricht:"""),
    "en": _tongue("""
        On Mon, Mar 4, 2024 at 10:12 AM {} wrote:
        On 4 Mar 2024, at 10:12, {} wrote:
        On 3/4/24 10:12, {n} wrote:
        On Monday, March 4, 2024 at 10:12:00 AM GMT+1, {} wrote:
        From|Sent|To|Subject
        Monday, March 4, 2024 10:12 AM
        Date
        Original message
        Sent from my iPhone
        Get Outlook for iOS
        Sent from my Galaxy
        Begin forwarded message:"""),
    "fr": _tongue("""
        Le lun. 4 mars 2024 à 10:12, {} a écrit :
        Le 4 mars 2024 à 10:12, {} a écrit :
        Le 04/03/2024 à 10:12, {n} a écrit :
        Le lundi 4 mars 2024 à 10:12:00 UTC+1, {} a écrit :
        De |Envoyé |À |Objet\N{NO-BREAK SPACE}
        lundi 4 mars 2024 10:12
        Date
        Message d'origine
        Envoyé de mon iPhone
        Envoyé à partir d’Outlook pour iOS
        Envoyé depuis mon appareil Galaxy
        Début du message réexpédié :"""),
    "es": _tongue("""
        El lun, 4 mar 2024 a las 10:12, {n} (<ada@example.org>) escribió:
        El 4 mar 2024, a las 10:12, {} escribió:
        El 4/3/24 a las 10:12, {n} escribió:
        El lunes, 4 de marzo de 2024, 10:12:00 CET, {} escribió:
        De|Enviado el|Para|Asunto
        lunes, 4 de marzo de 2024 10:12
        Fecha
        Mensaje original
        Enviado desde mi iPhone
        Obtener Outlook para iOS
        Enviado desde mi Galaxy
        Inicio del mensaje reenviado:"""),
    "it": _tongue("""
        Il giorno lun 4 mar 2024 alle ore 10:12 {} ha scritto:
        Il giorno 4 mar 2024, alle ore 10:12, {} ha scritto:
        Il 04/03/24 10:12, {n} ha scritto:
        Il lunedì 4 marzo 2024 alle ore 10:12:00 CET, {} ha scritto:
        Da|Inviato|A|Oggetto
        lunedì 4 marzo 2024 10:12
        Data
        Messaggio originale
        Inviato da iPhone
        Scarica Outlook per iOS
        Inviato dal mio Galaxy
        Inizio messaggio inoltrato:"""),
    "nl": _tongue("""
        Op ma 4 mrt 2024 om 10:12 schreef {}:
        Op 4 mrt. 2024, om 10:12 heeft {} het volgende geschreven:
        Op 04-03-2024 om 10:12 schreef {n}:
        Op maandag 4 maart 2024 om 10:12:00 CET schreef {}:
        Van|Verzonden|Aan|Onderwerp
        maandag 4 maart 2024 10:12
        Datum
        Oorspronkelijk bericht
        Verstuurd vanaf mijn iPhone
        Outlook voor iOS downloaden
        Verzonden vanaf mijn Galaxy
        Begin doorgestuurd bericht:"""),
    "pl": _tongue("""
        pon., 4 mar 2024 o 10:12 {} napisał(a):
        Wiadomość napisana przez {} w dniu 04.03.2024, o godz. 10:12:
        W dniu 4.03.2024 o 10:12, {n} pisze:
        W dniu poniedziałek, 4 marca 2024 10:12:00 CET {} napisał(a):
        Od|Wysłane|Do|Temat
        poniedziałek, 4 marca 2024 10:12
        Data
        Oryginalna wiadomość
        Wysłane z iPhone’a
        Pobierz program Outlook dla systemu iOS
        Wysłano z mojego telefonu Galaxy
        Początek przekazywanej wiadomości:"""),
    "pt": _tongue("""
        Em seg., 4 de mar. de 2024 às 10:12, {} escreveu:
        No dia 04/03/2024, às 10:12, {} escreveu:
        Em 04/03/2024 10:12, {n} escreveu:
        Em segunda-feira, 4 de março de 2024 às 10:12:00 BRT, {} escreveu:
        De|Enviada em|Para|Assunto
        segunda-feira, 4 de março de 2024 10:12
        Data
        Mensagem original
        Enviado do meu iPhone
        Obter o Outlook para iOS
        Enviado do meu Galaxy
        Início da mensagem reencaminhada:"""),
    "pt-PT": _tongue("""
        {} escreveu (segunda, 4/03/2024 à(s) 10:12):
        A 04/03/2024, às 10:12, {} escreveu:
        Às 10:12 de 04/03/2024, {n} escreveu:
        Em segunda-feira, 4 de março de 2024 às 10:12:00 WET, {} escreveu:
        De|Enviado|Para|Assunto
        segunda-feira, 4 de março de 2024 10:12
        Data
        Mensagem original
        Enviado do meu iPhone
        Obter o Outlook para Android
        Enviado a partir do meu smartphone Samsung Galaxy.
        Início da mensagem reencaminhada:"""),
    "cs": _tongue("""
        po 4. 3. 2024 v 10:12 odesílatel {} napsal:
        4. 3. 2024 v 10:12, {}:
        Dne 04. 03. 24 v 10:12 {n} napsal(a):
        Dne pondělí 4. března 2024 v 10:12:00 SEČ, {} napsal(a):
        Od|Odesláno|Komu|Předmět
        pondělí 4. března 2024 10:12
        Datum
        Původní zpráva
        Odesláno z iPhonu
        Získejte Outlook pro iOS
        Odesláno z mého telefonu Galaxy
        Začátek přeposílané zprávy:"""),
    "tr": _tongue("""
        {}, 4 Mar 2024 Pzt, 10:12 tarihinde şunu yazdı:
        {} şunları yazdı (4 Mar 2024 10:12):
        4.03.2024 10:12 tarihinde {n} yazdı:
        4 Mart 2024 Pazartesi 10:12:00 GMT+3 tarihinde {} şunu yazdı:
        Kimden|Gönderildi|Kime|Konu
        4 Mart 2024 Pazartesi 10:12
        Tarih
        Orijinal mesaj
        iPhone’umdan gönderildi
        iOS için Outlook'u edinin
        Galaxy cihazımdan gönderildi
        İletilmiş mesajın başlangıcı:"""),
    "sv": _tongue("""
        Den mån 4 mars 2024 kl 10:12 skrev {}:
        4 mars 2024 kl. 10:12 skrev {}:
        Den 2024-03-04 kl. 10:12, skrev {n}:
        Den måndag 4 mars 2024 10:12:00 CET skrev {}:
        Från|Skickat|Till|Ämne
        den 4 mars 2024 10:12
        Datum
        Originalmeddelande
        Skickat från min iPhone
        Hämta Outlook för iOS
        Skickat från min Galaxy
        Vidarebefordrat brev:"""),
    "da": _tongue("""
        Den man. 4. mar. 2024 kl. 10.12 skrev {}:
        Den 4. mar. 2024 kl. 10.12 skrev {}:
        Den 04.03.2024 kl. 10.12 skrev {n}:
        Den mandag den 4. marts 2024 kl. 10.12.00 CET skrev {}:
        Fra|Sendt|Til|Emne
        4. marts 2024 10:12
        Dato
        Oprindelig besked
        Sendt fra min iPhone
        Hent Outlook til iOS
        Sendt fra min Galaxy
        Start på videresendt besked:"""),
    "nb": _tongue("""
        man. 4. mars 2024 kl. 10:12 skrev {}:
        4. mars 2024 kl. 10:12 skrev {}:
        Den 04.03.2024 10:12, skrev {n}:
        Den mandag 4. mars 2024 kl. 10:12:00 CET skrev {}:
        Fra|Sendt|Til|Emne
        mandag 4. mars 2024 10:12
        Dato
        Opprinnelig melding
        Sendt fra min iPhone
        Skaff deg Outlook for iOS
        Sendt fra min Galaxy
        Videresendt melding:"""),
    "fi": _tongue("""
        ma 4. maalisk. 2024 klo 10.12 {n} (ada@example.org) kirjoitti:
        {} kirjoitti 4.3.2024 kello 10.12:
        {n} kirjoitti 4.3.2024 klo 10.12:
        maanantai 4. maaliskuuta 2024 klo 10.12.00 UTC+2 {} kirjoitti:
        Lähettäjä|Lähetetty|Vastaanottaja|Aihe
        maanantai 4. maaliskuuta 2024 10.12
        Päivämäärä
        Alkuperäinen viesti
        Lähetetty iPhonesta
        Hanki Outlook for iOS
        Lähetetty Galaxy-laitteesta
        Välitetty viesti alkaa:"""),
    "hu": _tongue("""
        {} ezt írta (időpont: 2024. márc. 4., H, 10:12):
        2024. márc. 4. dátummal, 10:12 időpontban {} írta:
        2024. 03. 04. 10:12 keltezéssel, {n} írta:
        2024. március 4., hétfő 10:12:00 CET időpontban {} ezt írta:
        Feladó|Elküldve|Címzett|Tárgy
        2024. március 4., hétfő 10:12
        Dátum
        Eredeti üzenet
        iPhone-omról küldve
        Az iOS Outlook beszerzése
        Samsung Galaxy készülékről küldve
        Továbbított levél kezdete:"""),
    "ro": _tongue("""
        În lun., 4 mar. 2024 la 10:12, {} a scris:
        Pe 4 mar. 2024, la 10:12, {} a scris:
        La 04.03.2024 10:12, {n} a scris:
        În luni, 4 martie 2024 la 10:12:00 EET, {} a scris:
        De la|Trimis|Către|Subiect
        luni, 4 martie 2024 10:12
        Data
        Mesaj original
        Trimis de pe iPhone-ul meu
        Obțineți Outlook pentru iOS
        Trimis de pe Galaxy-ul meu
        Început mesaj redirecționat:"""),
    "uk": _tongue("""
        пн, 4 бер. 2024 р. о 10:12 {} пише:
        4 бер. 2024 р. о 10:12 {} пише:
        04.03.24 10:12, {n} пише:
        понеділок, 4 березня 2024 р. о 10:12:00 EET, {} написав:
        Від|Надіслано|Кому|Тема
        понеділок, 4 березня 2024 р. 10:12
        Дата
        Оригінальне повідомлення
        Надіслано з iPhone
        Отримати Outlook для iOS
        Надіслано з пристрою Galaxy
        Початок листа, що пересилається:"""),
    "ru": _tongue("""
        пн, 4 мар. 2024 г. в 10:12, {}:
        4 марта 2024 г., в 10:12, {} написал(а):
        04.03.2024 10:12, {n} пишет:
        понедельник, 4 марта 2024 г. в 10:12:00 GMT+3, {} написал:
        От|Отправлено|Кому|Тема
        понедельник, 4 марта 2024 г. 10:12
        Дата
        Исходное сообщение
        Отправлено с iPhone
        Скачать Outlook для iOS
        Отправлено с моего Galaxy
        Начало переадресованного сообщения:"""),
    "ja": _tongue("""
        2024年3月4日(月) 10:12 {}:
        2024/03/04 10:12、{}のメール:
        On 2024/03/04 10:12, {n} wrote:
        2024年3月4日月曜日 10:12:00 JST、{} さんは書きました:
        差出人|送信日時|宛先|件名
        2024年3月4日月曜日 10:12
        日時
        元のメッセージ
        iPhoneから送信
        Outlook for iOS を入手
        Galaxyから送信
        転送されたメッセージ:"""),
    "zh": _tongue("""
        {} 于2024年3月4日周一 10:12写道：
        在 2024年3月4日，10:12，{} 写道：
        在 2024/3/4 10:12, {n} 写道:
        2024年3月4日星期一 10:12:00 GMT+8，{} 写道：
        发件人|发送时间|收件人|主题
        2024年3月4日 10:12
        日期
        原始邮件
        发自我的 iPhone
        获取 Outlook for iOS
        发自我的 Galaxy
        开始转发的邮件："""),
}
