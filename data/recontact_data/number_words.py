"""Words beside a number that say what it is: somebody's id, a phone, an order, an amount; in all the languages."""

import re

NEAR = 25  # characters

_ID = {
    "NO": r"fødselsn|fodselsn|personn(?:umme)?r|personnummer|d-nummer|\bfnr\b|\bpnr\b",
    "NO konto": r"konto",
    "DK": r"\bcpr|personnummer|personn(?:umme)?r|fødselsdato",
    "SE": r"personn(?:umme)?r|samordningsn|\bpnr\b|\bp\.nr",
    "FI": r"henkilötun|\bhetu|sosiaaliturvat",
    "IS": r"kennital|\bkt\b",
    "BG": r"\bегн|\bлнч|личен номер|лична карта|личния номер|\begn\b",
    "CN": r"身份证|身份證|身分證|证件|證件|居留|統一編號|\bid\b",
    "US": r"\bssn\b|social security|\bitin\b|tax(?:payer)? id",
    "GB": r"\bnhs\b|national insurance|\bnino\b|\bni n",
    "AU": r"\btfn\b|tax file|medicare",
    "NZ": r"\bird\b|inland revenue",
    "CA": r"social insurance|assurance sociale|(?-i:\bSIN\b|\bNAS\b)",
    "IE": r"\bpps",
    "DE": r"\bsteuer|\bid-?nr|identifikationsn|rentenvers|sozialvers",
    "CH": r"\bahv|\bavs",
    "BE": r"rijksregister|registre national|\bniss\b|\binsz\b",
    "IT": r"codice fiscale|\bcod\.? ?fisc|\bcf\b",
    "AT": r"sozialversicherung|\bsvnr|\bsv-n|versicherungsnummer|\be-card",
    "FR": r"numéro fiscal|numero fiscal|fiscal|\bspi\b|sécurité sociale",
    "ES": r"\bdni\b|\bd\.n\.i|\bnif\b|documento|cédula|cedula|\bcuil\b|\bcuit\b|\brut\b|\brun\b|identidad|\bced\b",
    "NL": r"\bbsn\b|burgerservice|sofinummer|sofi-n|rijksregister",
    "PL": r"\bpesel|\bnip\b|dow[oó]d",
    "PT": r"\bnif\b|contribuinte|\bcpf\b|cartão de cidadão|cartao de cidadao|fiscal|\bnic\b|identidade",
    "CZ": r"rodn[éeě]|\brč\b|\br\.č|rodné",
    "TR": r"\btc\b|\bt\.c|kimlik|tckn|vatanda",
    "RU": r"\bинн\b|\bснилс|паспорт",
    "UA": r"\bіпн\b|\bрнокпп|ідентифікаційн|податков|\bінн\b|\bинн\b|\bкод",
    "passport": (
        r"passport|\bpassn|\bpass-n|\bpassi(?:n\w*)?\b|\bpasset|reisepass|ausweis|passeport|pasaporte|passaporto|paspoort|paszport|"
        r"dow[oó]d osob|pasaport|vegabréf|паспорт|护照|護照|carte d.identité|carta d.identità|bilhete de identidade|"
        r"legitimasjon|identiteitskaart|občansk|obcansk|лична карта|nüfus cüzdan|henkilökort|"
        r"identity card|id card|id-kort|id-kaart"
    ),
    "any": r"national id|personal (?:id|number)|identity n|id n(?:umber|o\b|r\b)|identification n|id-numm",
}  # fmt: skip

_PHONE = (
    r"\btlf|\btel\b|\btel[.:]|telef|tele?ph|phone|\bring|\bmobil|\bmob\b|\bmob[.:]|\bcell|\bcall|\btext me|\bsms\b|"
    r"whats ?app|viber|\bcontact|\breach me|\bkontakt|\bnå meg|\bringde|"
    r"\bконтакт|\bсвърж|\bсвяж|"
    r"puhelin|puhelim|\bsoit|\bpuh\b|\bpuh\.|\bgsm|\bhringj?|símanúm|\bsím|\bfarsím|"
    r"телефон|\bтел\b|\bтел[.:]|звън|звон|обад|мобил|номер[а-я]* (?:ми|мой|мій)|набер|дзвон|зателефон|перезвон|"
    r"电话|電話|手机|手機|号码|號碼|致电|致電|联系|聯繫|聯絡|拨打|撥打|[请請]打|打给|打給|回电|回電|微信|"
    r"\banruf|\bruf|\bhandy|\brückruf|\berreich|\bappel|\brappel|télé|portable|\bjoindre|joignable|"
    r"\bllam|móvil|movil|celular|\bcel\b|teléf|\bchiam|cellulare|\bnumero di|\brichiam|\bbel\b|\bbellen|\bgebeld|"
    r"\bbereik|telefoon|\bdzwo|zadzwo|komórk|komork|oddzwo|\bligar|\bligue|\bliguem|telem[óo]vel|\bvolat|\bvolej|zavol|\bara[yıd]|"
    r"\barar|\baran|\bcep (?:tel|no|num)|\bcepten|\bcebim"
)
_MY_NUMBER = (
    r"\bmy (?:number|no\b|num\b)|\b(?:mitt|mit) n(?:umme)?r|numéro est|\bmon num|\bmi n[úu]mero|\bmeu n[uú]mero|"
    r"\bmio numero|\bmijn nummer|\bmeine nummer|\bmój numer|\bmůj? č[íi]s|numeroni|númerið mitt|numaram"
)
_ORDER = (
    r"ordre|order|bestell|bestil|beställ|tilaus|pöntun|pantan|поръч|заказ|замовл|订单|訂單|单号|單號|pedido|encomenda|commande|"
    r"ordin[ei]|bestelling|zamówi|zamowi|objedn|sipari|faktur|invoice|rechnung|lasku|reikning|фактур|счет|счёт|рахун|发票|發票|"
    r"factur|fattur|fatura|ticket|\bbillet|biljett|\bbilet|билет|квит|зая[вк]|звернен|обращен|工单|工單|案件|编号|編號|"
    r"\bcase\b|\bsak|\bsag\b|\bsags|ärende|arende|tapaus|vorgang|dossier|\bref|\bzaak|sprawy|zgłosz|zglosz|případ|reklam|"
    r"tracking|sporing|spårning|sendung|colis|paquete|pacco|przesył|przesyl|zásilk|kargo|track|пратк|посылк|посилк|快递|"
    r"包裹|kund(?:e|en)?-?n|customer n|client n|číslo zák|müşteri|account n|\bkonto|contract|kontrakt|avtal|vertrag|"
    r"contrat|umow|smlouv|договор|договір|合同|serial|serie|\bsn\b|\bimei|artik|varen|article|articulo|artículo|produ[kc]t|model|meter|"
    r"måler|zähler|compteur|contador|contatore|licznik|bokning|booking|buchung|reserv|rezerv|varaus|bókun|брон|flight|protocolo|pratic|"
    r"forsendelse|aftale|avtale|seryjn|podarunk|towar|abone|hesap|"
    r"\bkid\b|medlem|abonn|skade|forsikr|gavekort|rabatt|\bpuk\b|\bcvr\b|klient|paczk|rezerw|\bkod|poliçe|takip|абонат|партид|"
    r"会员|會員|账号|帳號|取件码|余额|\baccount|\bpolicy|\bloan|\bclaim|\bgift|"
    r"incident|incidencia|\bpolice|\bpolis|полис|поліс|numéro de suivi|#|№"
)
_SIGNS = (
    r"[€$£¥₽₴₺]|(?:kr|kroner|kronor|krón\w*|eur|euros?|usd|gbp|chf|zł|pln|kč|czk|лв|bgn|руб\w*|грн|гривен\w*|гривні|"
    r"tl|lira|pounds?|dollar\w*)(?![^\W\d_])"
)
# In capitals alone: "nok" is a word, "sek" a second.
_CODES = r"(?-i:NOK|SEK|DKK|ISK)(?![^\W\d_])"
_UNITS = r"kwh|mwh|stk|liter|litr\w*|km|m2|m3|m²|m³|enheter|poeng|points?"
_MONEY = rf"{_SIGNS}|{_CODES}|元(?!旦|宵|月)|[円块塊](?!钱包)"

_NUMBER = r"n(?:umme)?[ro]|num[eé]ro|núm\w*|number|číslo|numer|номер|n"
_UP_TO_NUMBER = rf"[^\W\d_]*\W{{0,3}}(?:(?:{_NUMBER})\b)?[^\w+(]{{0,4}}$"
_PHONES = re.compile(_PHONE, re.IGNORECASE)
_PHONES_OR_MINE = re.compile(f"{_PHONE}|{_MY_NUMBER}", re.IGNORECASE)
_ORDERS = re.compile(_ORDER, re.IGNORECASE)
_RIGHT_AFTER_ORDER = re.compile(f"(?:{_ORDER}){_UP_TO_NUMBER}", re.IGNORECASE)
# "Call me about my order: 07911 123456": a phone, where no "number" follows the word of orders.
_PHONE_FIRST = re.compile(
    rf"(?:{_PHONE})\W[^.!?:]*(?:{_ORDER})(?![^\W\d_]*n(?:umme)?r\b)[^\W\d_]*\s?:\s?$", re.IGNORECASE
)
_MONEY_BEFORE = re.compile(rf"(?<!\d)(?<!\d\s)(?<![^\W\d_])(?:{_MONEY})\.?\s?$", re.IGNORECASE)
_MONEY_AFTER = re.compile(rf"\s?(?:,-|,\d\d\b|\s?(?:{_MONEY})(?!\.?\s?\d)|\s?(?:{_UNITS})\b)", re.IGNORECASE)
_IDS = {kind: re.compile(words, re.IGNORECASE) for kind, words in _ID.items()}


def says_id(text: str, start: int, end: int, country: str) -> bool:
    """Whether a word of a country's ids, or of ids anywhere, stands beside `text[start:end]`."""
    return any(_beside(_IDS[kind], text, start, end) for kind in (country, "any"))


def says_phone(text: str, start: int, end: int) -> bool:
    """Whether a word of telephones stands beside `text[start:end]`."""
    return _beside(_PHONES_OR_MINE, text, start, end)


def says_order(text: str, start: int, near: bool) -> bool:
    """Whether a word of orders, cases and articles stands before a number: anywhere near, or right before it."""
    before = text[max(0, start - NEAR - 10) : start]
    if near:
        return bool(_ORDERS.search(before))
    if not _RIGHT_AFTER_ORDER.search(before) or _PHONE_FIRST.search(before):
        return False
    # "Order phone": of two words the one that stands nearer to the number says what it is.
    return _last(_ORDERS, before) >= _last(_PHONES, before)


def _last(words: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in words.finditer(text)), default=-1)


def says_money(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is an amount of money."""
    before = text[max(0, start - 12) : start]
    return bool(_MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text, end))


def _beside(words: re.Pattern[str], text: str, start: int, end: int) -> bool:
    # A word counts if it ends within reach before the number, or begins within reach behind it.
    before = text[max(0, start - NEAR - 12) : start]
    if any(len(before) - found.end() <= NEAR for found in words.finditer(before)):
        return True
    found = words.search(text, end, min(len(text), end + NEAR + 12))
    return found is not None and found.start() - end <= NEAR
