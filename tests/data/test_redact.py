"""Redaction: personal data becomes masks, everything else stays to the character. All numbers here are invented."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact_data.redact import PersonalData, find_personal_data, masked, redact

SECRETS = {
    "nb": [
        ("Jeg oppga fødselsnummer 01019012480 to ganger, men ingen ringte tilbake.", "01019012480", "id"),
        ("Dere kan ringe meg på 912 34 567 etter jobb.", "912 34 567", "phone"),
        ("Skriv til kari.ukjent+kunde@example.no i stedet.", "kari.ukjent+kunde@example.no", "email"),
        ("Pengene skulle til NO93 8601 1117 947 takk.", "NO93 8601 1117 947", "iban"),
    ],
    "nn": [("Fødselsnummeret mitt er 150685 34531, og eg har sagt det før.", "150685 34531", "id")],
    "da": [
        ("I fik mit cpr 150685-2345 allerede i telefonen.", "150685-2345", "id"),
        ("Ring til mig på 40 12 34 56 efter klokken fire, tak.", "40 12 34 56", "phone"),
    ],
    "sv": [
        ("Mitt personnummer 850615-2308 står redan i ärendet.", "850615-2308", "id"),
        ("Ni lovade att ringa mig på 070-123 45 67 men gjorde det inte.", "070-123 45 67", "phone"),
    ],
    "fi": [
        ("Henkilötunnus 150685-2340 kysyttiin kolme kertaa.", "150685-2340", "id"),
        ("Soittakaa numeroon 040 1234567, kiitos.", "040 1234567", "phone"),
    ],
    "is": [
        ("Kennitalan mín er 150685-2069 og ég gaf hana upp tvisvar.", "150685-2069", "id"),
        ("Hringið í mig í síma 611 2345.", "611 2345", "phone"),
    ],
    "bg": [
        ("Моето ЕГН е 8506152301, казах го вече на двама души.", "8506152301", "id"),
        ("Звъннете ми на 0888 123 456, моля.", "0888 123 456", "phone"),
    ],
    "zh": [
        ("我已经提供了身份证号110101198506152305，还要再问一次。", "110101198506152305", "id"),
        ("请回电１３８００１３８０００，谢谢。", "１３８００１３８０００", "phone"),
        ("邮箱是wo@example.com请回复", "wo@example.com", "email"),
    ],
    "en": [
        ("They asked for my National Insurance number AB 12 34 56 C again.", "AB 12 34 56 C", "id"),
        ("My SSN is 123-45-6789 and they lost it.", "123-45-6789", "id"),
        ("My NHS number, 485 777 3457, was wrong in the letter.", "485 777 3457", "id"),
        ("Call me on (212) 555-0123 or not at all.", "(212) 555-0123", "phone"),
        ("I paid with 4111 1111 1111 1111 and was charged twice.", "4111 1111 1111 1111", "card"),
    ],
    "de": [
        ("Meine Steuer-ID 26 954 371 827 musste ich dreimal nennen.", "26 954 371 827", "id"),
        ("Bitte rufen Sie mich unter 030 12345678 zurück.", "030 12345678", "phone"),
        ("Meine AHV-Nummer lautet 756.2345.6789.08.", "756.2345.6789.08", "id"),
        ("Erstattung bitte auf DE89370400440532013000, danke.", "DE89370400440532013000", "iban"),
    ],
    "nl": [
        ("Mijn burgerservicenummer is 234567806, dat had ik al gezegd.", "234567806", "id"),
        ("Bel mij op 06-12345678 als u iets weet.", "06-12345678", "phone"),
    ],
    "fr": [
        ("Mon numéro de sécurité sociale est le 2 85 06 75 123 456 39.", "2 85 06 75 123 456 39", "id"),
        ("Rappelez-moi au 06.12.34.56.78 ce soir.", "06.12.34.56.78", "phone"),
    ],
    "es": [
        ("Les di mi DNI 23456789D y nadie me llamó.", "23456789D", "id"),
        ("Mi CURP es PERM850615HDFRRL06 y la pidieron dos veces.", "PERM850615HDFRRL06", "id"),
        ("Llámenme al 612 345 678 por la tarde.", "612 345 678", "phone"),
    ],
    "pt": [
        ("O meu NIF é 234567805 e já o tinha dado.", "234567805", "id"),
        ("Informei o CPF 234.567.891-73 três vezes.", "234.567.891-73", "id"),
        ("Liguem para 912 345 678, por favor.", "912 345 678", "phone"),
    ],
    "it": [
        ("Il mio codice fiscale è RSSMRA85H15H501D, l'ho già dato.", "RSSMRA85H15H501D", "id"),
        ("Chiamatemi al 347 123 4567 dopo le sei.", "347 123 4567", "phone"),
    ],
    "pl": [
        ("Mój PESEL to 85061523457, podawałem go już dwa razy.", "85061523457", "id"),
        ("Proszę zadzwonić pod 501 234 567 po południu.", "501 234 567", "phone"),
    ],
    "cs": [
        ("Moje rodné číslo je 850615/2303, to už máte.", "850615/2303", "id"),
        ("Volejte prosím na 777 123 456 odpoledne.", "777 123 456", "phone"),
    ],
    "tr": [
        ("TC kimlik numaram 23456789060, bunu iki kez söyledim.", "23456789060", "id"),
        ("Beni 0532 123 45 67 numarasından arayın lütfen.", "0532 123 45 67", "phone"),
    ],
    "ru": [
        ("Мой СНИЛС 112-233-445 95 спросили три раза.", "112-233-445 95", "id"),
        ("Перезвоните мне на 8 (912) 345-67-89, пожалуйста.", "8 (912) 345-67-89", "phone"),
    ],
    "uk": [
        ("Мій РНОКПП 3112345675 вже є у вас.", "3112345675", "id"),
        ("Зателефонуйте мені на 067 123 45 67, будь ласка.", "067 123 45 67", "phone"),
        ("Пишіть на іван@приклад.укр або дзвоніть.", "іван@приклад.укр", "email"),
    ],
}
PLAIN = {
    "nb": "Ordrenr. 1029384756 og saksnummer 40012345 kostet 12 499 000 kr 12.03.2024 kl. 08.30-16.30, 0150 Oslo.",
    "nn": "Sak 2023-123456 frå 01.02.2023 til 03.04.2024 kosta 1 299,00 kr, uke 12, 5003 Bergen.",
    "da": "Sagsnr. 20231234, ordre 71234567, 1.299,95 kr. d. 12-03-2024, 2100 København Ø, åbent 10-18 og 10-15.",
    "sv": "Ärendenummer 0701234567, 12 345 678 kr, 114 55 Stockholm, 2024-01-12 kl 09:00-17:00.",
    "fi": "Tilausnumero 0401234567, 1 299,00 €, 00100 Helsinki, 12.3.2024 klo 9-17, vuosina 2019/2020.",
    "is": "Pöntun 5551234, 12.990 kr., 101 Reykjavík, 12.03.2024, opið 10-18.",
    "bg": "Поръчка 0888123456, 1 299 000 лв., 1000 София, 12.03.2024 г., фактура 0012345678.",
    "zh": "订单号13800138000，花了1299000元，2024-03-12，邮编100000，快递单号13912345678。",
    "en": "Order #4839201745, ticket 2125550199, article 123-456-789, £1,299.00, 12/03/2024, 9-5, zip 90210-1234.",
    "de": "Bestellnummer 0301234567, Rechnung 4711123456, 1.299.000 EUR, 10115 Berlin, 12.03.2024 von 08:00-16:00 Uhr.",
    "nl": "Bestelling 0612345678, € 1.299,00, 1012 AB Amsterdam, 12-03-2024, 2019-2020, artikel 123456782.",
    "fr": "Commande 0612345678, 1 299 000 euros, 75001 Paris, le 12/03/2024 de 08h00 à 18h00, dossier n° 0145678901.",
    "es": "Pedido 612345678, 1.299.000 €, 28001 Madrid, 12/03/2024, referencia 912345678.",
    "pt": "Encomenda 912345678, 1.299,00 €, 1000-001 Lisboa, CEP 01310-100, protocolo 20240312123456.",
    "it": "Ordine 3331234567, 1.299,00 euro, 00100 Roma, 12/03/2024, fattura n. 2024001234.",
    "pl": "Zamówienie 501234567, 1 299 000 zł, 00-001 Warszawa, 12.03.2024, faktura nr 601234567.",
    "cs": "Objednávka 777123456, 1 299 000 Kč, 110 00 Praha, 12. 3. 2024, faktura č. 2024001234.",
    "tr": "Sipariş 5321234567, 1.299.000 TL, 34000 İstanbul, 12.03.2024 saat 09.00-18.00, fatura 02121234567.",
    "ru": "Заказ 89123456789, 1 299 000 руб., 101000 Москва, 12.03.2024 с 9 до 18, обращение № 9123456789.",
    "uk": "Замовлення 0671234567, 1 299 000 грн, 01001 Київ, 12.03.2024, звернення 0441234567.",
}


@pytest.mark.parametrize(("text", "secret", "kind"), [case for cases in SECRETS.values() for case in cases])
def test_what_tells_who_somebody_is_is_masked_and_nothing_else(text: str, secret: str, kind: str) -> None:
    assert redact(text) == text.replace(secret, f"[{kind}]")


@pytest.mark.parametrize("language", PLAIN)
def test_orders_prices_dates_hours_and_postcodes_stay(language: str) -> None:
    assert redact(PLAIN[language], language) == PLAIN[language]
    assert redact(PLAIN[language]) == PLAIN[language]


def test_the_examples_are_of_all_languages() -> None:
    from recontact_data.taxonomy import load_taxonomy

    assert set(SECRETS) == set(PLAIN) == set(load_taxonomy().languages)


@pytest.mark.parametrize(
    "changed",
    [
        "01019012481",  # a wrong check digit
        "31029012480",  # no such day
        "4111 1111 1111 1112",
        "NO93 8601 1117 948",
        "850615-2309",
    ],
)
def test_a_number_with_wrong_check_digits_is_none(changed: str) -> None:
    assert redact(f"Jeg fikk {changed} på brevet") == f"Jeg fikk {changed} på brevet"


def test_a_number_that_many_pass_needs_a_word() -> None:
    assert redact("Ik kreeg 234567806 als antwoord", "nl") == "Ik kreeg 234567806 als antwoord"
    assert redact("Mijn BSN: 234567806", "nl") == "Mijn BSN: [id]"
    assert redact("I got 2125550123 back", "en") == "I got 2125550123 back"
    assert redact("my phone is 2125550123", "en") == "my phone is [phone]"


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("Rentenversicherungsnummer {}", "15 070649 C 103", "15 070649 C 104"),
        ("我的身分證是 {}", "A123456789", "A123456788"),
        ("身份證 {}", "A123456(3)", "A123456(4)"),
        ("NRIC {} again", "S1234567D", "S1234567E"),
        ("Medicare card {}", "2123 45670 1", "2123 45671 1"),
        ("personnummer {}", "000229-0005", "000229-0006"),
        ("kontonummer {}", "8601.11.17947", "8601.11.17948"),
    ],
)
def test_ids_with_checks_of_their_own_are_told_by_them(text: str, right: str, wrong: str) -> None:
    assert redact(text.format(right)) == text.format("[id]")
    assert redact(text.format(wrong)) == text.format(wrong)


def test_an_amount_or_an_order_beside_a_word_of_ids_is_no_id() -> None:
    text = "Enseñé el DNI por 1.299.000 € y el pedido 61234567"
    assert redact(text, "es") == text
    text = "Saldo på mobilen, faktura 0012025550123"
    assert redact(text, "nb") == text


def test_a_stretch_is_counted_in_the_text_as_it_was_written() -> None:
    text = "Ａ：ring ٠٦١٢\u200b٣٤٥\u00a0٦٧٨\u200b eller kari@\u200bexample.no"
    assert [(data.kind, text[data.start : data.end]) for data in find_personal_data(text, "fr")] == [
        ("phone", "٠٦١٢\u200b٣٤٥\u00a0٦٧٨"),
        ("email", "kari@\u200bexample.no"),
    ]


def test_the_longest_of_overlapping_finds_wins() -> None:
    assert find_personal_data("40012345@example.no", "nb") == [PersonalData("email", 0, 19)]


def test_what_was_masked_is_counted_by_kind() -> None:
    found = masked("Ring 912 34 567 eller 912 34 568, mail a@example.no", "nb")
    assert found.text == "Ring [phone] eller [phone], mail [email]"
    assert dict(found.kinds) == {"phone": 2, "email": 1}


@pytest.mark.parametrize("text", ["@telenor svarer ikke", "kjøpt 2@3.50", "see example.com/@shop", "a@b"])
def test_not_every_at_sign_is_an_address(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", ["a" * 20_000 + "@", "@a." * 6_000, "a@" * 10_000, "1 " * 10_000, "1-" * 10_000])
def test_no_comment_takes_long(text: str) -> None:
    begun = time.perf_counter()
    redact(text, "en")
    assert time.perf_counter() - begun < 10


PIECES = st.sampled_from([secret for cases in SECRETS.values() for _, secret, _ in cases] + list(PLAIN.values()))
NUMBERS = st.text(alphabet="0123456789 -./+()@:abXk٣\u200b\u00a0", max_size=40)


@given(st.lists(st.one_of(PIECES, NUMBERS, st.text(max_size=20)), max_size=6).map(" ".join))
def test_what_is_redacted_stays_as_it_is(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert find_personal_data(once) == []


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@＠﹫")))
def test_a_text_without_digits_and_at_signs_stays(text: str) -> None:
    assert redact(text) == text


@given(st.lists(st.one_of(PIECES, NUMBERS), max_size=6).map(" ".join))
def test_what_lies_around_a_mask_is_the_text(text: str) -> None:
    pieces = [re.escape(piece) for piece in re.split(r"\[(?:email|iban|card|id|phone)\]", redact(text))]
    assert re.fullmatch(r".+?".join(pieces), text, re.DOTALL)


BESIDE = [
    ("Ring meg på [99887766] nok en gang", "phone"),
    ("Hilsen Enok [15018000072]", "id"),
    ("Monsieur [0612345678]", "phone"),
    ("Appelez le livreur [06 12 34 56 78]", "phone"),
    ("[13812345678]元旦", "phone"),
    ("Tlf [99887766] kr 500", "phone"),
    ("Ring meg på [99887766] 16-18", "phone"),
    ("Call [07911 123456] 9-17", "phone"),
    ("Ringte 12.03.2024 [99887766]", "phone"),
    ("Call me on [07700 900123]", "phone"),
    ("[07911 123456] 20 minutes", "phone"),
    ("Ring meg om saken: [99887766]", "phone"),
    ("Please call about my order: [07911 123456]", "phone"),
    ("订单问题请打[13812345678]", "phone"),
    ("[4111 1111 1111 1111] 123", "card"),
    ("[4111.1111.1111.1111] stod på kvitteringen", "card"),
    ("tlf[99887766]", "phone"),
    ("[99887766] Europris", "phone"),
    ("Betalte 500 kr, ring [99887766]", "phone"),
    ("500 kr [99887766] på telefon", "phone"),
    ("Ring mig på [08-12 34 56 78] i morgon", "phone"),
    ("Mitt nummer er [99887766]", "phone"),
    ("Proszę o zwrot na konto [61 1090 1014 0000 0712 1981 2874] do piątku", "iban"),
    ("numer rachunku [61109010140000071219812874]", "iban"),
]


@pytest.mark.parametrize(("text", "kind"), BESIDE)
def test_what_stands_beside_a_number_does_not_hide_it(text: str, kind: str) -> None:
    secret = text[text.index("[") + 1 : text.index("]")]
    assert redact(text.replace(f"[{secret}]", secret)) == text.replace(secret, kind)


@pytest.mark.parametrize("text", ["41234567", "13812345678", "601234567", "06 12 34 56 78 06 98 76 54 32"])
def test_a_number_alone_is_taken_for_a_phone_whole(text: str) -> None:
    assert redact(text) == "[phone]"


@pytest.mark.parametrize(
    "text",
    [
        "Version 10.0.19045.4170 crashed",
        "Case 2024-0312-5567 closed",
        "Mellom 01.01.2023-31.12.2023",
        "Ringte om ordre 99887766",
        "Ring meg om ordrenr: 40012345",
        "Betalte 99887766 kr",
        "Forbruket var 41234567 kWh",
        "Medlemsnummer 41234567",
        "Takip no 5321234567",
        "会员号 13812345678",
    ],
)
def test_orders_amounts_and_versions_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    ["0 " * 10_000, "0-" * 10_000, "(0" * 10_000, ") (1" * 5_000, "12 3-4." * 2_800,
     "07911 123456 " * 1_500, "12345678 " * 2_000, "+47 " * 5_000, "a@b." * 5_000, "(" * 20_000,
     "4111 1111 1111 " * 1_300, "06123 4567 890 " * 1_300, "98.76.54.32." * 1_600, "1-2.3/" * 3_000],
)  # fmt: skip
def test_no_comment_of_numbers_takes_long(text: str) -> None:
    redact("ring 99887766")
    begun = time.process_time()
    redact(text)
    assert time.process_time() - begun < 5
