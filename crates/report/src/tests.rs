//! What is printed, from outside and from the typesetter's side.

use std::time::{Duration, Instant};

use super::*;
use crate::{
    block::Block,
    typeset::{Ink, Style, Typesetter},
};

fn text(words: &str) -> String {
    words.to_owned()
}

fn party(name: &str) -> Party {
    Party {
        name: text(name),
        lines: vec![text("12, rue Didouche Mourad"), text("16000 Alger")],
        identification: vec![(text("RC"), text("16/00-1023456 B 21")), (text("NIF"), text("002116102345678"))],
    }
}

fn invoice(rows: usize) -> Document {
    let column = |title: &str, align, weight| Column { title: text(title), align, weight };
    Document {
        title: text("Facture"),
        number: text("FAC/2026/00012"),
        facts: vec![(text("Date"), text("24/11/2026"))],
        issuer: party("Ekiclik SARL"),
        recipients: vec![(text("Client"), party("Yasmine Cherif ياسمين شريف"))],
        columns: vec![column("Désignation", Align::Left, 4.0), column("Qté", Align::Right, 0.6), column("Montant TTC", Align::Right, 1.5)],
        rows: vec![vec![text("Téléviseur 55 pouces noir"), text("2"), text("213\u{a0}962,00\u{a0}DA")]; rows],
        totals: vec![(text("Total HT"), text("179\u{a0}800,00\u{a0}DA")), (text("Total TTC"), text("213\u{a0}962,00\u{a0}DA"))],
        in_words: Some(text(
            "Arrêtée la présente facture à la somme de : deux cent treize mille neuf cent soixante-deux dinars algériens.",
        )),
        notes: vec![text("Garantie 24 mois.")],
        signatures: vec![text("Le magasinier"), text("Le client")],
        void: None,
    }
}

fn pdf(documents: &[Document]) -> Vec<u8> {
    render(documents).unwrap().pdf
}

/// The number of pages that the file says it has.
fn count(pdf: &[u8]) -> usize {
    let file = String::from_utf8_lossy(pdf);
    assert!(file.starts_with("%PDF-") && file.trim_end().ends_with("%%EOF"), "not a PDF");
    let (_, after) = file.rsplit_once("/Count ").expect("a page tree");
    after.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// As it stands on paper, where all no-break spaces are the same.
fn printed(text: &str) -> String {
    text.replace('\u{a0}', "\u{202f}")
}

fn pages(document: &Document) -> Vec<Block> {
    sheet::pages(&mut Typesetter::new().unwrap(), document)
}

#[test]
fn a_document_has_as_many_pages_as_its_rows_need() {
    assert_eq!(count(&pdf(&[invoice(1)])), 1);
    assert_eq!(count(&pdf(&[invoice(12)])), 1);
    assert_eq!(count(&pdf(&[invoice(60)])), 3);
}

#[test]
fn two_thousand_rows_are_printed() {
    let pages = pages(&invoice(2_000));
    assert!((50..90).contains(&pages.len()), "{} pages", pages.len());
    let rows: usize = pages.iter().map(|page| page.words().iter().filter(|(_, words)| words.starts_with("Téléviseur")).count()).sum();
    assert_eq!(rows, 2_000);
}

#[test]
fn several_documents_are_one_file_and_each_counts_its_own_pages() {
    assert_eq!(count(&pdf(&[invoice(60), invoice(1)])), 4);
    let numbers = |document: &Document| pages(document).iter().map(|page| page.words().pop().unwrap().1).collect::<Vec<_>>();
    assert_eq!(numbers(&invoice(60)), ["Page 1/3", "Page 2/3", "Page 3/3"]);
    assert_eq!(numbers(&invoice(1)), ["Page 1/1"]);
    assert_eq!(count(&pdf(&[])), 1);
}

#[test]
fn every_page_has_the_header_of_the_table_and_the_footer() {
    for page in pages(&invoice(60)) {
        let words = page.words();
        for expected in ["Désignation", "Montant TTC"] {
            assert!(words.iter().any(|(_, words)| words == expected), "{expected} missing");
        }
        assert!(words.iter().any(|(_, words)| words.contains("NIF\u{202f}002116102345678")));
    }
}

#[test]
fn nothing_reaches_into_the_footer_or_over_another_line() {
    for rows in (0..60).step_by(5) {
        let document = invoice(rows);
        for page in pages(&document) {
            let mut words = page.words();
            let footer = words.split_off(words.len() - 2);
            let end = words.iter().map(|((_, top), _)| *top).fold(0.0, f32::max) + 12.0;
            assert!(end < footer[0].0.1, "{rows} rows: a line at {end} in the footer");
        }
    }
}

#[test]
fn totals_stay_together_and_with_the_last_row() {
    // All the places where a page can end
    for rows in 12..36 {
        let pages = pages(&invoice(rows));
        let page = pages.iter().find(|page| page.words().iter().any(|(_, words)| words == "Total TTC")).unwrap();
        for expected in ["Total HT", "Téléviseur", "Arrêtée"] {
            assert!(page.words().iter().any(|(_, words)| words.starts_with(expected)), "{rows} rows: {expected} on another page");
        }
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    assert_eq!(pdf(&[invoice(30)]), pdf(&[invoice(30)]));
}

#[test]
fn the_file_says_what_it_is() {
    let pdf = pdf(&[invoice(1)]);
    let file = String::from_utf8_lossy(&pdf);
    assert!(file.contains("/Title(Facture FAC/2026/00012)") && file.contains("/Lang(fr)"), "no title or language");
}

#[test]
fn odd_documents_are_printed_too() {
    let long = "Anticonstitutionnellement".repeat(200);
    let odd = [
        "",
        " ",
        "\n\n",
        "\u{0}\u{1}\u{7f}\u{85}",
        "a\tb\r\nc\rd\u{2028}e",
        "😀👨‍👩‍👧‍👦 🇩🇿",
        "你好 नमस्ते",
        "\u{202e}00,001 DA",
        "\u{fdd0}\u{fffd}\u{e000}",
        "لله ﷺ مُحَمَّد",
        "שלום",
        "ياسمين \u{200f}(12) Cherif\u{200e}",
        long.as_str(),
    ];
    for odd in odd.into_iter().map(text).chain([
        format!("e{}", "\u{301}".repeat(3_000)),
        format!("ب{}", "\u{64e}".repeat(3_000)),
        "mot ".repeat(6_000),
    ]) {
        let mut document = invoice(1);
        for place in [&mut document.title, &mut document.number, &mut document.recipients[0].0, &mut document.issuer.name] {
            place.clone_from(&odd);
        }
        document.facts.push((odd.clone(), odd.clone()));
        document.issuer.lines.push(odd.clone());
        document.issuer.identification.push((odd.clone(), odd.clone()));
        document.columns[0].title.clone_from(&odd);
        document.rows = vec![vec![odd.clone(); 5], vec![], vec![text("1")]];
        document.totals.push((odd.clone(), odd.clone()));
        document.in_words = Some(odd.clone());
        document.notes.push(odd.clone());
        document.signatures = vec![odd.clone(); 7];
        document.void = Some(odd.clone());
        let pages = count(&pdf(&[document]));
        assert!(pages <= 400, "{pages} pages for {:?}", odd.chars().take(20).collect::<String>());
    }
}

/// What stands on paper of a text that is set.
fn set(text: &str) -> (String, usize) {
    let mut typesetter = Typesetter::new().unwrap();
    let mut words = Vec::new();
    for style in [Style::plain(10.0, Ink::Text), Style::bold(10.0, Ink::Text)] {
        let text = typesetter.set(text, style, 4_000.0, Align::Left);
        let glyphs = || text.lines.iter().flat_map(|line| &line.runs).flat_map(|run| &run.glyphs);
        assert!(glyphs().all(|glyph| glyph.glyph_id.to_u32() != 0), "a box in {text:?}");
        words.push(text.lines.iter().map(|line| line.words()).collect::<Vec<_>>().join("\n"));
    }
    assert_eq!(words[0], words[1]);
    (words.remove(0), typesetter.missing.len())
}

#[test]
fn tifinagh_arrows_and_signs_are_printed() {
    for text in [
        "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵏ ⵍⴷⵣⴰⵢⴻⵔ",
        "5 ≥ 3 → ✓ ← ↔ ⇒ ≤ ≠ ≈ ± × ÷ ∞ √ ∑",
        "☎ ✉ ★ ☆ ✗ ✘ ■ □ ▲ ● ◆ │ ─ ①",
        "½ ¼ ⅓ № ™ © ® ° € £ ₦ µ Ω",
        "Ægir Łódź Şişli Ħ Ελληνικά Кириллица",
        "ثلاجة كوندور ٤٦٠ ـ ۱۲",
        "n\u{303} e\u{301} مُحَمَّد",
        "Condor\u{fe0f} ✓\u{fe0f} a\u{200d}b",
    ] {
        let (printed, missing) = set(text);
        assert_eq!((printed.replace(['\u{fe0f}'], ""), missing), (text.replace(['\u{fe0f}'], ""), 0));
    }
}

#[test]
fn what_no_font_has_is_printed_as_its_code_point_and_told() {
    for (text, printed, missing) in [
        ("中", "U+4E2D", 1),
        ("中文中", "U+4E2D U+6587 U+4E2D", 2),
        ("A中1", "A U+4E2D 1", 1),
        ("Réf. 😀, TV", "Réf. U+1F600, TV", 1),
        ("👨\u{200d}👩", "U+1F468 U+1F469", 2),
        ("नमस्ते", "U+0928 U+092E U+0938 U+094D U+0924 U+0947", 6),
        ("שלום", "U+05E9 U+05DC U+05D5 U+05DD", 4),
        ("\u{e000}", "U+E000", 1),
        // A mark that the font of its letter lacks
        ("ا\u{302}", "ا U+0302", 1),
        ("x\u{64e}", "x U+064E", 1),
    ] {
        assert_eq!(set(text), (printed.to_owned(), missing), "{text}");
    }
    let mut document = invoice(2);
    document.rows[0][0] = text("你好");
    document.rows[1][0] = text("好");
    document.issuer.name = text("好");
    assert_eq!(render(&[document, invoice(1)]).unwrap().missing, 2, "each character counts once a file");
    assert_eq!(render(&[invoice(1)]).unwrap().missing, 0);
}

#[test]
fn a_void_document_is_marked_on_every_page() {
    let marked = Document { void: Some(text("ANNULÉ")), ..invoice(60) };
    for page in pages(&marked) {
        assert_eq!(page.words().iter().filter(|(_, words)| words == "ANNULÉ").count(), 1);
    }
    assert!(pdf(&[marked]).len() > pdf(&[invoice(60)]).len());
    assert!(pages(&invoice(1)).iter().all(|page| page.words().iter().all(|(_, words)| words != "ANNULÉ")));
}

#[test]
fn several_recipients_stand_one_below_the_other() {
    let mut document = invoice(1);
    document.recipients.push((text("Adresse de livraison"), Party { name: String::new(), ..party("") }));
    let words = pages(&document)[0].words();
    let places: Vec<_> = words.iter().filter(|(_, words)| words.starts_with("12, rue")).map(|(place, _)| *place).collect();
    // The issuer's, the client's, the delivery's
    assert!(places.len() == 3 && places[1].0 == places[2].0 && places[1].1 + 40.0 < places[2].1, "{places:?}");
}

#[test]
fn a_client_known_by_the_email_alone_is_printed_once() {
    let told = |partner: &str| {
        let parties: partners_contract::Parties =
            serde_json::from_str(&format!(r#"{{"company": {{"name": "Ekiclik"}}, "partners": {{"7": {partner}}}}}"#)).unwrap();
        crate::partner(&parties, 7).unwrap()
    };
    let known = told(r#"{"name": "amine@example.dz", "email": "amine@example.dz", "phone": "0550 00 00 00"}"#);
    assert_eq!((known.name.as_str(), known.lines), ("amine@example.dz", vec![text("Tél. 0550 00 00 00")]));
    assert_eq!(told(r#"{"name": "Amine", "email": "amine@example.dz"}"#).lines, ["amine@example.dz"]);
    assert!(told(r#"{"name": "Amine@Example.dz", "email": "amine@example.dz"}"#).lines.is_empty());
    assert_eq!(told(r#"{"name": "Amine", "phone": "021", "mobile": "0550"}"#).lines, ["Tél. 021 / 0550"]);
}

#[test]
fn the_company_says_what_it_is() {
    let company = |fields: &str| {
        let parties: partners_contract::Parties =
            serde_json::from_str(&format!(r#"{{"company": {{"name": "Ekiclik"{fields}}}, "partners": {{}}}}"#)).unwrap();
        crate::company(&parties).lines.into_iter().map(|line| line.replace('\u{a0}', " ")).collect::<Vec<_>>()
    };
    assert_eq!(
        company(r#", "legal_form": "SARL", "capital": 10000000.0, "activity": "Commerce en ligne""#),
        ["SARL au capital de 10 000 000,00 DA", "Commerce en ligne"]
    );
    assert_eq!(company(r#", "legal_form": "EURL""#), ["EURL"]);
    assert_eq!(company(r#", "capital": "250000.50""#), ["au capital de 250 000,50 DA"]);
    assert!(company("").is_empty());
}

#[test]
fn tables_of_any_shape_are_printed() {
    let column = |weight, align| Column { title: text("Colonne"), align, weight };
    for weights in [vec![], vec![0.0], vec![0.0, 0.0], vec![f32::NAN, f32::INFINITY, -1.0], vec![1e-30, 1e30], vec![1.0; 60]] {
        for align in [Align::Left, Align::Right] {
            let mut document = invoice(3);
            document.columns = weights.iter().map(|weight| column(*weight, align)).collect();
            assert!(count(&pdf(&[document])) >= 1);
        }
    }
    assert_eq!(count(&pdf(&[Document::default()])), 1);
    assert_eq!(count(&pdf(&[Document { rows: vec![vec![text("x")]], columns: vec![], ..invoice(0) }])), 1);
}

#[test]
fn a_row_that_is_higher_than_a_page_goes_on_on_the_next() {
    let mut document = invoice(1);
    document.rows[0][0] = (0..1_500).map(|word| format!("mot{word:05} ")).collect();
    let pages = pages(&document);
    assert!(pages.len() > 2);
    let printed: usize = pages.iter().flat_map(Block::words).map(|(_, words)| words.matches("mot").count()).sum();
    assert_eq!(printed, 1_500);
}

#[test]
fn a_number_is_never_broken_while_a_column_of_texts_has_room() {
    let mut document = invoice(1);
    document.columns[2].weight = 0.01;
    document.rows[0][2] = text("100\u{a0}000\u{a0}000\u{a0}000\u{a0}000,00\u{a0}DA");
    assert!(pages(&document)[0].words().iter().any(|(_, words)| *words == printed(&document.rows[0][2])));
    // Words are broken first
    document.rows[0][0] = "Anticonstitutionnellement".repeat(5);
    document.columns.extend((0..4).map(|_| Column { title: text("Prix"), align: Align::Right, weight: 0.1 }));
    document.rows[0].extend((0..4).map(|_| text("999\u{a0}999,00\u{a0}DA")));
    let words = pages(&document)[0].words();
    assert_eq!(words.iter().filter(|(_, words)| document.rows[0].iter().any(|cell| printed(cell) == *words)).count(), 6, "{words:?}");
}

#[test]
fn arabic_is_joined_and_runs_from_the_right() {
    let mut typesetter = Typesetter::new().unwrap();
    let mut set = |text: &str| typesetter.set(text, Style::plain(10.0, Ink::Text), 400.0, Align::Left);
    let mixed = set("Établissement النور - Béjaïa");
    let runs = &mixed.lines[0].runs;
    assert!(runs.is_sorted_by(|left, right| left.x < right.x));
    let order: Vec<usize> = runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.text_range.start).collect();
    let arabic = mixed.lines[0].text.find('ا').unwrap()..mixed.lines[0].text.find(" -").unwrap();
    let mut expected: Vec<usize> = mixed.lines[0].text.char_indices().map(|(at, _)| at).collect();
    let from = expected.iter().position(|at| *at == arabic.start).unwrap();
    let to = expected.iter().position(|at| *at == arabic.end).unwrap();
    expected[from..to].reverse();
    assert_eq!(order, expected);
    // Three times the same letter: final, medial, initial, and alone it is a fourth glyph
    let glyphs = |text: &crate::typeset::Text| text.lines[0].runs[0].glyphs.iter().map(|glyph| glyph.glyph_id.to_u32()).collect::<Vec<_>>();
    let (word, alone) = (glyphs(&set("ببب")), glyphs(&set("ب")));
    let mut shapes = [word.as_slice(), alone.as_slice()].concat();
    shapes.sort_unstable();
    shapes.dedup();
    assert_eq!(shapes.len(), 4, "{word:?} {alone:?}");
}

#[test]
fn a_line_is_never_wider_than_its_place() {
    let mut typesetter = Typesetter::new().unwrap();
    for words in ["Anticonstitutionnellement", "Établissement النور - Béjaïa", "ياسمين شريف", "560\u{a0}000,00\u{a0}DA"] {
        for align in [Align::Left, Align::Right] {
            let text = typesetter.set(words, Style::bold(10.0, Ink::Text), 40.0, align);
            assert!(text.lines.len() > 1 && text.width() <= 40.5, "{words}: {} lines, {}", text.lines.len(), text.width());
        }
    }
}

#[test]
fn a_number_in_a_text_goes_to_the_next_line_as_a_whole() {
    let mut typesetter = Typesetter::new().unwrap();
    for width in 90..300_u16 {
        let text = typesetter.set(
            "Un acompte de 1\u{a0}560\u{a0}000,00\u{a0}DA est dû.",
            Style::plain(10.0, Ink::Text),
            f32::from(width),
            Align::Left,
        );
        assert!(text.lines.iter().any(|line| line.words().contains(&printed("1\u{a0}560\u{a0}000,00\u{a0}DA"))), "at {width}");
    }
}

#[test]
fn lines_that_are_read_from_the_right_begin_where_the_others_do() {
    let mut typesetter = Typesetter::new().unwrap();
    let text = typesetter.set("محمد بن عبد الله - Réf. A12 (نسخة 2/3) du 24/11/2026", Style::plain(10.0, Ink::Text), 90.0, Align::Left);
    assert!(text.lines.len() > 1);
    for line in &text.lines {
        assert!(line.runs[0].x.abs() < 0.01 && line.words().trim() == line.words(), "{line:?}");
    }
}

#[test]
fn an_invoice_of_twelve_lines_is_not_waited_for() {
    pdf(&[invoice(12)]);
    let start = Instant::now();
    pdf(&[invoice(12)]);
    // The bound that matters is a release build's; this one is for a debug build on a busy machine
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
