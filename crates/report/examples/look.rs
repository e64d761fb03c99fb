//! Writes documents of every kind into a folder, to be looked at: `cargo run -p report --example look -- FOLDER`.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "an example, run by hand")]

use std::{fs, path::Path, time::Instant};

use chrono::NaiveDate;
use report::{Align, Column, Document, Party, date, in_words, money, quantity, render};
use rust_decimal::Decimal;

fn main() {
    let folder = std::env::args().nth(1).expect("a folder as the argument");
    fs::create_dir_all(&folder).unwrap();
    let start = Instant::now();
    render(&[invoice("Facture", "FAC/2026/00001", 1)]).unwrap();
    println!("the first of the process: {:?}", start.elapsed());
    for rows in [1_u32, 12, 60] {
        for (file, documents) in [
            ("proforma", vec![invoice("Facture pro forma", "PRO/2026/00031", rows)]),
            ("facture", vec![invoice("Facture", "FAC/2026/00012", rows)]),
            ("avoir", vec![invoice("Avoir", "AVO/2026/00002", rows)]),
            ("livraison", vec![slip("Bon de livraison", "BL/2026/00044", "Client", rows)]),
            ("reception", vec![slip("Bon de réception", "BR/2026/00007", "Fournisseur", rows)]),
            ("transfert", vec![slip("Bon de transfert", "BT/2026/00003", "Destination", rows)]),
            ("lot", vec![invoice("Facture", "FAC/2026/00012", rows), slip("Bon de livraison", "BL/2026/00044", "Client", rows)]),
        ] {
            fs::write(Path::new(&folder).join(format!("{file}-{rows}.pdf")), render(&documents).unwrap().pdf).unwrap();
        }
    }
    fs::write(Path::new(&folder).join("etrange.pdf"), render(&[odd()]).unwrap().pdf).unwrap();
    for rows in [1, 12, 60, 2_000] {
        let documents = [invoice("Facture", "FAC/2026/00012", rows)];
        let times = if rows > 1_000 { 3 } else { 50 };
        let mut taken: Vec<_> = (0..times)
            .map(|_| {
                let start = Instant::now();
                render(&documents).unwrap();
                start.elapsed()
            })
            .collect();
        taken.sort();
        let bytes = render(&documents).unwrap().pdf.len();
        println!("{rows} rows: median {:?}, slowest {:?}, {bytes} bytes", taken[taken.len() / 2], taken[taken.len() - 1]);
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn issuer() -> Party {
    Party {
        name: "Ekiclik SARL".to_owned(),
        lines: texts(&[
            "SARL au capital de 10 000 000,00 DA",
            "Commerce de détail par voie électronique",
            "12, rue Didouche Mourad",
            "16000 Alger, Algérie",
            "Tél. : 021 63 45 67",
            "contact@ekiclik.example",
        ]),
        identification: pairs(&[
            ("RC", "16/00-1023456 B 21"),
            ("NIF", "002116102345678"),
            ("NIS", "002116010234567"),
            ("Art. imp.", "16012345678"),
            ("RIB", "00400123456789012345"),
        ]),
    }
}

fn client() -> Party {
    Party {
        name: "Yasmine Cherif ياسمين شريف".to_owned(),
        lines: texts(&["Établissement النور - Béjaïa", "Cité des 600 logements, bât. 4", "06000 Béjaïa"]),
        identification: pairs(&[
            ("RC", "06/00-0987654 A 19"),
            ("NIF", "001906098765432"),
            ("NIS", "001906010987654"),
            ("Art. imp.", "06098765432"),
        ]),
    }
}

fn delivery() -> Party {
    Party { lines: texts(&["Cité des 600 logements, bât. 4, cage C, porte 12", "Béjaïa", "Tél. 0550 12 34 56"]), ..Party::default() }
}

const ARTICLES: [(&str, &str, i64); 6] = [
    ("IRIS-TV55-N", "Téléviseur 55 pouces noir", 89_900),
    ("IRIS-TV43-B", "Téléviseur 43 pouces blanc, avec support mural orientable et télécommande vocale en français et en arabe", 54_500),
    ("CND-REF-460", "ثلاجة كوندور 460 لتر", 112_000),
    ("GEANT-CL12", "Climatiseur 12 000 BTU Inverter", 74_250),
    ("SAM-LL-9KG", "Lave-linge 9 kg (غسالة) gris", 96_400),
    ("CAB-HDMI-2", "Câble HDMI 2 m", 890),
];

fn column(title: &str, align: Align, weight: f32) -> Column {
    Column { title: title.to_owned(), align, weight }
}

fn facts(order: &str) -> Vec<(String, String)> {
    let day = date(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap());
    pairs(&[("Date", day.as_str()), ("Commande", order), ("Lieu", "Showroom Bab Ezzouar"), ("Règlement", "Virement à 30 jours")])
}

fn invoice(title: &str, number: &str, rows: u32) -> Document {
    let mut net = Decimal::ZERO;
    let lines = (0..rows)
        .zip(ARTICLES.iter().cycle())
        .map(|(at, (reference, name, price))| {
            let (amount, price) = (Decimal::from(at % 7 + 1), Decimal::from(*price));
            let with_tax = price * Decimal::new(119, 2);
            net += amount * price;
            vec![
                (*reference).to_owned(),
                (*name).to_owned(),
                quantity(amount),
                money(price),
                "19\u{a0}%".to_owned(),
                money(with_tax),
                money(amount * with_tax),
            ]
        })
        .collect();
    let tax = net * Decimal::new(19, 2);
    Document {
        title: title.to_owned(),
        number: number.to_owned(),
        facts: facts("S00012"),
        issuer: issuer(),
        recipients: vec![("Client".to_owned(), client()), ("Adresse de livraison".to_owned(), delivery())],
        columns: vec![
            column("Réf.", Align::Left, 1.6),
            column("Désignation", Align::Left, 4.0),
            column("Qté", Align::Right, 0.6),
            column("P.U. HT", Align::Right, 1.5),
            column("TVA", Align::Right, 0.7),
            column("P.U. TTC", Align::Right, 1.5),
            column("Montant TTC", Align::Right, 1.8),
        ],
        rows: lines,
        totals: vec![
            ("Total HT".to_owned(), money(net)),
            ("TVA 19 %".to_owned(), money(tax)),
            ("Timbre".to_owned(), money(Decimal::ZERO)),
            ("Total TTC".to_owned(), money(net + tax)),
        ],
        in_words: Some(format!("Arrêtée la présente facture à la somme de : {}.", in_words(net + tax))),
        notes: texts(&["Marchandise garantie 24 mois. Les prix s'entendent en dinars algériens, toutes taxes comprises.", "شكرا لثقتكم"]),
        signatures: texts(&["Cachet et signature"]),
        void: (title == "Avoir").then(|| "ANNULÉ".to_owned()),
    }
}

/// What no one should send, to see that nothing overlaps.
fn odd() -> Document {
    let mut document = invoice("Facture rectificative d'acompte", "FAC/2026/00012-EXTRA-LONGUE", 2);
    document.issuer.name = "Société algérienne de distribution d'équipements électroménagers et de matériel informatique".to_owned();
    document.facts.push(("Conditions particulières de livraison".to_owned(), "Sous 48 heures, wilaya d'Alger et limitrophes".to_owned()));
    document.rows.push(vec![
        "REFERENCE-SANS-FIN-0123456789-ABCDEFGHIJ".to_owned(),
        "Anticonstitutionnellement".repeat(6),
        "1".to_owned(),
        money(Decimal::from(100_000_000_000_000_i64)),
    ]);
    document.rows.push(texts(&[
        "ⵜⴰⵎⴰⵣⵉⵖⵜ 5 ≥ 3 → ✓ 😀👨‍👩‍👧‍👦",
        "مُحَمَّد بن عَبْدِ الله - Réf. A12 (نسخة 2/3) du 24/11/2026\nDeuxième ligne\u{7}\u{202e}droite",
        "你好",
    ]));
    document.rows.push(vec!["LONG".to_owned(), "Un texte plus haut que la page, et qui continue. ".repeat(90)]);
    document.notes = texts(&["Une note trop longue pour tenir à côté des totaux. "; 9]);
    document.signatures = texts(&["Cachet et signature"]);
    document
}

fn slip(title: &str, number: &str, whom: &str, rows: u32) -> Document {
    Document {
        title: title.to_owned(),
        number: number.to_owned(),
        facts: facts("S00012"),
        issuer: issuer(),
        recipients: vec![(whom.to_owned(), client()), ("Adresse de livraison".to_owned(), delivery())],
        columns: vec![column("Réf.", Align::Left, 1.4), column("Désignation", Align::Left, 5.0), column("Quantité", Align::Right, 1.0)],
        rows: (0..rows)
            .zip(ARTICLES.iter().cycle())
            .map(|(at, (reference, name, _))| {
                vec![(*reference).to_owned(), (*name).to_owned(), quantity(Decimal::new(i64::from(at) * 5 + 10, 1))]
            })
            .collect(),
        signatures: texts(if title == "Bon de transfert" {
            &["Le magasinier", "Le transporteur", "Le destinataire"]
        } else {
            &["Le magasinier", "Le client"]
        }),
        ..Document::default()
    }
}
