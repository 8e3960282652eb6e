"""The language of a comment: simple sentences in every supported language, and texts without letters."""

import pytest

from recontact_data.language import identify_language
from recontact_data.taxonomy import load_taxonomy

SENTENCES = {
    "nb": (
        "Jeg har ringt dere tre ganger, men ingen svarer på telefonen.",
        "Regningen var feil igjen, og nå må jeg betale et gebyr.",
        "Hvorfor får jeg ikke beskjed når pakken er forsinket?",
        "Hun som jeg snakket med var hyggelig, men kunne ikke hjelpe meg.",
        "Vi flyttet i mai og har fortsatt ikke fått strøm i leiligheten.",
    ),
    "nn": (
        "Eg har ringt dykk tre gonger, men ingen svarar på telefonen.",
        "Rekninga var feil att, og no må eg betale eit gebyr.",
        "Kvifor får eg ikkje beskjed når pakken er forseinka?",
        "Ho som eg snakka med var hyggeleg, men kunne ikkje hjelpe meg.",
        "Vi flytta i mai og har framleis ikkje fått straum i husværet vårt.",
    ),
    "da": (
        "Jeg har ringet til jer tre gange, men der er ingen, der tager telefonen.",
        "Regningen var forkert igen, og nu skal jeg betale et gebyr.",
        "Hvorfor får jeg ikke besked, når pakken er blevet forsinket?",
        "Hende jeg talte med var venlig, men kunne desværre ikke hjælpe mig.",
        "Vi flyttede i maj og har stadig ikke fået strøm i lejligheden.",
    ),
    "sv": (
        "Jag har ringt er tre gånger men ingen svarar i telefonen.",
        "Räkningen var fel igen och nu måste jag betala en avgift.",
        "Varför får jag inte veta när paketet är försenat?",
        "Hon som jag pratade med var trevlig men kunde inte hjälpa mig.",
        "Vi flyttade i maj och har fortfarande inte fått någon el i lägenheten.",
    ),
    "fi": (
        "Olen soittanut teille kolme kertaa, mutta kukaan ei vastaa.",
        "Lasku oli taas väärin ja nyt minun pitää maksaa viivästysmaksu.",
        "Miksi minulle ei kerrota, kun paketti on myöhässä?",
        "Asiakaspalvelija oli ystävällinen, mutta ei osannut auttaa minua.",
        "Muutimme toukokuussa, eikä asunnossa ole vieläkään sähköä.",
    ),
    "is": (
        "Ég hef hringt þrisvar sinnum en enginn svarar í símann.",
        "Reikningurinn var aftur rangur og nú þarf ég að borga gjald.",
        "Af hverju fæ ég ekki að vita þegar pakkanum seinkar?",
        "Konan sem ég talaði við var vingjarnleg en gat ekki hjálpað mér.",
        "Við fluttum í maí og það er enn ekkert rafmagn í íbúðinni.",
    ),
    "bg": (
        "Звънях ви три пъти, но никой не вдига телефона.",
        "Сметката отново беше грешна и сега трябва да платя такса.",
        "Защо не ме уведомявате, когато пратката закъснява?",
        "Жената, с която говорих, беше любезна, но не можа да ми помогне.",
        "Преместихме се през май и все още нямаме ток в апартамента.",
    ),
    "zh": (
        "我打了三次电话，但是没有人接。",
        "账单又错了，现在我还要付手续费。",
        "包裹延误了，为什么没有人通知我？",
        "接待我的客服很友好，但是帮不了我。",
        "我們五月就搬家了，到現在公寓裡還沒有電。",
    ),
    "en": (
        "I have called you three times but nobody answers the phone.",
        "The bill was wrong again and now I have to pay a fee.",
        "Why does nobody tell me when my parcel is delayed?",
        "The woman I spoke to was friendly but could not help me.",
        "We moved in May and still have no power in the flat.",
    ),
    "de": (
        "Ich habe Sie dreimal angerufen, aber niemand geht ans Telefon.",
        "Die Rechnung war wieder falsch und jetzt muss ich eine Gebühr zahlen.",
        "Warum sagt mir niemand, wenn sich mein Paket verspätet?",
        "Die Frau am Telefon war freundlich, konnte mir aber nicht helfen.",
        "Wir sind im Mai umgezogen und haben immer noch keinen Strom.",
    ),
    "nl": (
        "Ik heb jullie drie keer gebeld, maar niemand neemt de telefoon op.",
        "De rekening klopte weer niet en nu moet ik kosten betalen.",
        "Waarom krijg ik geen bericht als mijn pakket vertraagd is?",
        "De vrouw die ik sprak was vriendelijk, maar kon mij niet helpen.",
        "Wij zijn in mei verhuisd en hebben nog steeds geen stroom.",
    ),
    "fr": (
        "Je vous ai appelés trois fois mais personne ne répond au téléphone.",
        "La facture était encore fausse et je dois maintenant payer des frais.",
        "Pourquoi ne me prévient-on pas quand mon colis est en retard ?",
        "La dame à qui j'ai parlé était gentille mais ne pouvait pas m'aider.",
        "Nous avons déménagé en mai et nous n'avons toujours pas d'électricité.",
    ),
    "es": (
        "Os he llamado tres veces, pero nadie contesta al teléfono.",
        "La factura estaba mal otra vez y ahora tengo que pagar un recargo.",
        "¿Por qué nadie me avisa cuando mi paquete se retrasa?",
        "La mujer con la que hablé fue amable, pero no pudo ayudarme.",
        "Nos mudamos en mayo y todavía no tenemos luz en el piso.",
    ),
    "pt": (
        "Já liguei três vezes, mas ninguém atende o telefone.",
        "A fatura estava errada outra vez e agora tenho de pagar uma taxa.",
        "Por que ninguém me avisa quando a minha encomenda está atrasada?",
        "A senhora com quem falei foi simpática, mas não conseguiu ajudar.",
        "Mudámos de casa em maio e ainda não temos eletricidade.",
    ),
    "it": (
        "Vi ho chiamato tre volte, ma nessuno risponde al telefono.",
        "La bolletta era di nuovo sbagliata e adesso devo pagare una mora.",
        "Perché nessuno mi avvisa quando il mio pacco è in ritardo?",
        "La signora con cui ho parlato era gentile, ma non ha potuto aiutarmi.",
        "Ci siamo trasferiti a maggio e non abbiamo ancora la corrente.",
    ),
    "pl": (
        "Dzwoniłem do was trzy razy, ale nikt nie odbiera telefonu.",
        "Rachunek znowu był błędny i teraz muszę zapłacić opłatę.",
        "Dlaczego nikt mnie nie informuje, kiedy paczka się spóźnia?",
        "Pani, z którą rozmawiałem, była miła, ale nie mogła mi pomóc.",
        "Przeprowadziliśmy się w maju i nadal nie mamy prądu w mieszkaniu.",
    ),
    "cs": (
        "Volal jsem vám třikrát, ale nikdo nebere telefon.",
        "Účet byl zase špatně a teď musím zaplatit poplatek.",
        "Proč mi nikdo neřekne, když se balík zpozdí?",
        "Paní, se kterou jsem mluvil, byla milá, ale nemohla mi pomoct.",
        "V květnu jsme se přestěhovali a pořád nemáme v bytě proud.",
    ),
    "ru": (
        "Я звонил вам три раза, но никто не берёт трубку.",
        "Счёт опять был неправильным, и теперь я должен платить пеню.",
        "Почему мне никто не сообщает, когда посылка задерживается?",
        "Женщина, с которой я говорил, была вежливой, но не смогла помочь.",
        "Мы переехали в мае, и в квартире до сих пор нет электричества.",
    ),
    "uk": (
        "Я дзвонив вам тричі, але ніхто не бере слухавку.",
        "Рахунок знову був неправильний, і тепер я маю сплатити пеню.",
        "Чому мені ніхто не повідомляє, коли посилка затримується?",
        "Жінка, з якою я розмовляв, була привітна, але не змогла допомогти.",
        "Ми переїхали у травні, а у квартирі досі немає світла.",
    ),
    "tr": (
        "Sizi üç kez aradım ama kimse telefona cevap vermiyor.",
        "Fatura yine yanlıştı ve şimdi ceza ödemem gerekiyor.",
        "Paketim geciktiğinde neden kimse bana haber vermiyor?",
        "Konuştuğum kadın çok nazikti ama bana yardım edemedi.",
        "Mayıs ayında taşındık ve evde hâlâ elektrik yok.",
    ),
}


def test_there_are_sentences_for_every_language_of_the_taxonomy() -> None:
    assert set(SENTENCES) == set(load_taxonomy().languages)


@pytest.mark.parametrize("language", SENTENCES)
def test_at_least_four_of_five_simple_sentences_are_right(language: str) -> None:
    answers = [identify_language(sentence) for sentence in SENTENCES[language]]
    assert answers.count(language) >= 4, answers


@pytest.mark.parametrize("text", ["", "  \n", "12345", "10/10", "+47 22 33 44 55", "😡😡 👍", "?!…", "★★★☆☆"])
def test_a_text_without_letters_has_no_known_language(text: str) -> None:
    assert identify_language(text) == "und"


@pytest.mark.parametrize(
    "text", ["Ik ben al drie weken aan het wachten!", "1 2 3 takk", "Καλημέρα σας", "こんにちは", "x" * 5000]
)
def test_whatever_the_letters_the_answer_is_a_language_of_the_taxonomy(text: str) -> None:
    assert identify_language(text) in load_taxonomy().languages


def test_digits_and_emoji_around_a_sentence_change_nothing() -> None:
    assert identify_language("😡😡 1234: " + SENTENCES["en"][0] + " 👎👎 0/10") == "en"


def test_the_same_text_always_has_the_same_language() -> None:
    assert len({identify_language(SENTENCES["da"][0]) for _ in range(3)}) == 1
