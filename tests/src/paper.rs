//! What stands on the pages of a PDF that the hub printed: its words, by the tables that the file itself has for those who copy
//! text from it.

use std::collections::HashMap;

use crate::{Answer, Session};

/// The words of all pages in the order in which they were drawn, one blank between them.
pub fn words(pdf: &[u8]) -> String {
    let objects = objects(pdf);
    let fonts = fonts(&objects);
    let mut numbers: Vec<_> = objects.keys().copied().collect();
    numbers.sort_unstable();
    let mut words = String::new();
    for page in numbers.iter().map(|number| &objects[number]).filter(|object| dictionary(object).contains("/Type/Page/")) {
        let contents = objects[&reference(&dictionary(page), "/Contents ").expect("a page's contents")];
        let contents = stream(contents);
        // A run of text is between BT and ET
        let mut rest = contents.as_slice();
        while let Some(start) = find(rest, b"\nBT ") {
            rest = &rest[start + 4..];
            let end = find(rest, b"\nET\n").expect("the end of a run");
            words.push_str(&run(&rest[..end], &fonts));
            words.push(' ');
            rest = &rest[end..];
        }
    }
    words.replace(['\u{a0}', '\u{202f}', '\n'], " ").split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The paper that a user gets.
pub async fn printed(session: &Session<'_>, report: &str, id: i64) -> Answer {
    let answer = session.get(&format!("/report/pdf/{report}/{id}")).await;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/pdf"), "{}", answer.text);
    answer
}

/// Its words.
pub async fn read(session: &Session<'_>, report: &str, id: i64) -> String {
    words(&printed(session, report, id).await.bytes)
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}

/// The file's objects by number, by its table of contents.
fn objects(pdf: &[u8]) -> HashMap<usize, &[u8]> {
    let table = find(pdf, b"\nxref\n").expect("a table of contents");
    let text = String::from_utf8_lossy(&pdf[table + 6..]);
    let mut lines = text.lines();
    lines.next();
    let mut places: Vec<(usize, usize)> =
        lines.take_while(|line| line.len() >= 18).enumerate().map(|(number, line)| (number, line[..10].parse().unwrap())).skip(1).collect();
    places.sort_by_key(|(_, place)| *place);
    let ends: Vec<usize> = places.iter().skip(1).map(|(_, place)| *place).chain([table]).collect();
    places.iter().zip(ends).map(|((number, place), end)| (*number, &pdf[*place..end])).collect()
}

fn dictionary(object: &[u8]) -> String {
    String::from_utf8_lossy(&object[..find(object, b"\nstream\n").unwrap_or(object.len())]).into_owned()
}

fn stream(object: &[u8]) -> Vec<u8> {
    let start = find(object, b"\nstream\n").expect("a stream") + 8;
    miniz_oxide::inflate::decompress_to_vec_zlib(&object[start..]).expect("a packed stream")
}

/// The number of the object that a dictionary refers to under a name.
fn reference(dictionary: &str, name: &str) -> Option<usize> {
    let (_, after) = dictionary.split_once(name)?;
    after.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// What each font's glyphs mean, by the name that pages have for the font.
fn fonts(objects: &HashMap<usize, &[u8]>) -> HashMap<String, HashMap<u16, String>> {
    let mut fonts = HashMap::new();
    for dictionary in objects.values().map(|object| dictionary(object)).filter(|dictionary| dictionary.contains("/Font<<")) {
        let (_, names) = dictionary.split_once("/Font<<").unwrap();
        for named in names.split('/').skip(1).filter(|named| named.starts_with('f')) {
            let (name, number) = named.split_once(' ').unwrap();
            let number = number.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap();
            let meanings = reference(&self::dictionary(objects[&number]), "/ToUnicode ").expect("what glyphs mean");
            let table = String::from_utf8_lossy(&stream(objects[&meanings])).into_owned();
            let pairs = table.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
            let meaning = |hex: &str| {
                let units: Vec<u16> =
                    hex.as_bytes().chunks(4).map(|unit| u16::from_str_radix(std::str::from_utf8(unit).unwrap(), 16).unwrap()).collect();
                String::from_utf16_lossy(&units)
            };
            fonts.insert(name.to_owned(), pairs.map(|(glyph, hex)| (u16::from_str_radix(glyph, 16).unwrap(), meaning(hex))).collect());
        }
    }
    fonts
}

/// The words of one run: `/f0 14 Tf … [(glyphs) space (glyphs)]TJ`.
fn run(text: &[u8], fonts: &HashMap<String, HashMap<u16, String>>) -> String {
    let start = find(text, b"/f").expect("a font") + 1;
    let name: String = text[start..].iter().take_while(|byte| **byte != b' ').map(|byte| char::from(*byte)).collect();
    let font = &fonts[&name];
    let mut bytes = text[find(text, b"[").unwrap_or(0)..].iter().copied().peekable();
    // How many brackets are open: those within a string stand for themselves where each has its other
    let (mut glyphs, mut open) = (Vec::new(), 0);
    while let Some(byte) = bytes.next() {
        match (open, byte) {
            (0, b'(') => open = 1,
            (0, b'<') => {
                let digits: String = std::iter::from_fn(|| bytes.next_if(|byte| *byte != b'>')).map(char::from).collect();
                glyphs.extend((0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()));
            }
            (0, _) => {}
            (1, b')') => open = 0,
            (_, b'\\') => match bytes.next().unwrap() {
                b'n' => glyphs.push(b'\n'),
                b'r' => glyphs.push(b'\r'),
                b't' => glyphs.push(b'\t'),
                b'b' => glyphs.push(8),
                b'f' => glyphs.push(12),
                first @ b'0'..=b'7' => {
                    let mut code = u32::from(first - b'0');
                    for _ in 0..2 {
                        let Some(digit) = bytes.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                        code = code * 8 + u32::from(digit - b'0');
                    }
                    glyphs.push(u8::try_from(code).unwrap());
                }
                other => glyphs.push(other),
            },
            (_, byte) => {
                open += i32::from(byte == b'(') - i32::from(byte == b')');
                glyphs.push(byte);
            }
        }
    }
    glyphs.chunks(2).filter_map(|glyph| font.get(&u16::from_be_bytes([glyph[0], glyph[1]]))).map(String::as_str).collect()
}
