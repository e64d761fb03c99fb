//! A document becomes pages: what stands where, and what stays together.

use krilla::metadata::Metadata;

use crate::{
    Align, Document, Party,
    block::{Block, PAGE},
    table::Table,
    typeset::{Ink, Style, Text, Typesetter},
};

/// The margin at the left and at the right, and above.
const MARGIN: f32 = 48.0;
const TOP: f32 = 44.0;
/// Under the last line of the footer.
const BOTTOM: f32 = 30.0;
/// The width between the margins.
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Between the right half of a page and its left.
const GUTTER: f32 = 28.0;
/// The width of the right half, where the recipient and the totals stand.
const RIGHT: f32 = 238.0;
/// How many boxes to sign in stand side by side.
const BOXES: usize = 3;
/// How many documents a file's own title names.
const NAMED: usize = 3;

const BODY: Style = Style::plain(9.0, Ink::Text);
const LABEL: Style = Style::plain(9.0, Ink::Muted);
const SMALL: Style = Style::plain(8.4, Ink::Text);
const SMALL_LABEL: Style = Style::plain(8.4, Ink::Muted);

/// What the file says about itself: the documents in it, whose they are, their language.
pub(crate) fn metadata(documents: &[Document]) -> Metadata {
    let mut titles: Vec<String> = documents.iter().take(NAMED).map(name).collect();
    if documents.len() > NAMED {
        titles.push("…".to_owned());
    }
    let authors = documents.first().map(|document| line(&document.issuer.name)).filter(|name| !name.is_empty());
    Metadata::new().title(titles.join(", ")).authors(authors.into_iter().collect()).language("fr".to_owned())
}

/// "Facture FAC/2026/00012".
fn name(document: &Document) -> String {
    line(&format!("{} {}", document.title, document.number))
}

/// A text without anything that would make two lines of it, at a length that a line could have.
fn line(text: &str) -> String {
    text.split(|char: char| char.is_control() || char == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(200)
        .collect()
}

/// The document's pages, with places on the paper.
pub(crate) fn pages(typesetter: &mut Typesetter, document: &Document) -> Vec<Block> {
    let footer = footer(typesetter, &document.issuer);
    let mut flow = Flow::new(running(typesetter, document), PAGE.1 - BOTTOM - footer.height - 14.0);
    flow.place(head(typesetter, document));
    flow.gap(14.0);
    flow.place(parties(typesetter, document));
    flow.gap(16.0);
    let (sums, below) = sums(typesetter, document);
    if !document.columns.is_empty() {
        table(typesetter, &mut flow, document, sums.height);
    }
    if sums.height > 0.0 {
        flow.gap(SUMS_GAP);
        flow.place(sums);
    }
    for (at, note) in below.iter().enumerate() {
        flow.gap(if at == 0 { 16.0 } else { NOTE_GAP });
        let mut block = Block::default();
        block.text(0.0, 0.0, &typesetter.set(note, SMALL_LABEL, WIDTH, Align::Left));
        flow.place(block);
    }
    for titles in document.signatures.chunks(BOXES) {
        flow.gap(22.0);
        flow.place(boxes(typesetter, titles, document.signatures.len()));
    }
    if let Some(void) = &document.void {
        let text = typesetter.set(void, Style::bold(VOID, Ink::Void), PAGE.1, Align::Left);
        flow.pages.iter_mut().for_each(|page| page.across(&text));
    }
    numbered(typesetter, flow.pages, &footer)
}

/// The size of what stands across a page.
const VOID: f32 = 104.0;

/// Above the totals.
const SUMS_GAP: f32 = 12.0;
/// Between notes.
const NOTE_GAP: f32 = 4.0;

/// The rows, with the header above them on every page. The last row goes to the next page with the totals if they don't fit:
/// a page with totals alone could be another document's.
fn table(typesetter: &mut Typesetter, flow: &mut Flow, document: &Document, sums: f32) {
    let table = Table::new(typesetter, WIDTH, &document.columns, &document.rows);
    let head = table.head(typesetter);
    let empty = [Vec::new()];
    let rows = if document.rows.is_empty() { &empty } else { document.rows.as_slice() };
    let last = rows.len().saturating_sub(1);
    for (at, cells) in rows.iter().enumerate() {
        let after = if at == last && sums > 0.0 { SUMS_GAP + sums } else { 0.0 };
        flow.place_row(table.row(typesetter, cells), &head, after);
    }
}

/// Puts blocks one below the other, on as many pages as they need.
struct Flow {
    pages: Vec<Block>,
    /// Stands above the second page and those after it.
    running: Block,
    /// Where the next block goes.
    y: f32,
    /// Where blocks must end.
    end: f32,
    /// Whether nothing stands on the page yet that a new page would not have too.
    fresh: bool,
    /// Whether the header of the table stands on the page.
    headed: bool,
}

impl Flow {
    fn new(running: Block, end: f32) -> Self {
        Flow { pages: vec![Block::default()], running, y: TOP, end, fresh: true, headed: false }
    }

    fn room(&self) -> f32 {
        self.end - self.y
    }

    fn gap(&mut self, height: f32) {
        if !self.fresh {
            self.y += height;
        }
    }

    fn new_page(&mut self) {
        let mut page = Block::default();
        page.put(MARGIN, TOP, self.running.clone());
        self.pages.push(page);
        (self.y, self.fresh, self.headed) = (TOP + self.running.height + 12.0, true, false);
    }

    /// What fits; it is the caller who looks whether it does.
    fn put(&mut self, block: Block) {
        let height = block.height;
        if let Some(page) = self.pages.last_mut() {
            page.put(MARGIN, self.y, block);
        }
        self.y += height;
    }

    /// Places a block, on a new page if it does not fit on this one. Only what is higher than a page is cut.
    fn place(&mut self, mut block: Block) {
        if block.height <= 0.0 {
            return;
        }
        if block.height > self.room() && !self.fresh {
            self.new_page();
        }
        while block.height > self.room() {
            let (first, rest) = block.split(self.room());
            self.put(first);
            self.new_page();
            block = rest;
        }
        self.put(block);
        self.fresh = false;
    }

    /// Places a row under a header, on a page where `after` fits too if there is one.
    fn place_row(&mut self, mut row: Block, head: &Block, after: f32) {
        let header = if self.headed { 0.0 } else { head.height };
        let whole_page = self.end - TOP - self.running.height - 12.0 - head.height;
        let after = if row.height + after > whole_page { 0.0 } else { after };
        if header + row.height + after > self.room() && !self.fresh {
            self.new_page();
        }
        loop {
            if !self.headed {
                self.put(head.clone());
                self.headed = true;
            }
            if row.height <= self.room() {
                break;
            }
            let (first, rest) = row.split(self.room());
            self.put(first);
            self.new_page();
            row = rest;
        }
        self.put(row);
        self.fresh = false;
    }
}

/// Who issues the document at the left, what it is at the right.
fn head(typesetter: &mut Typesetter, document: &Document) -> Block {
    let mut block = Block::default();
    let left = WIDTH - RIGHT - GUTTER;
    let mut y = block.text(0.0, 3.0, &typesetter.set(&document.issuer.name, Style::bold(14.0, Ink::Text), left, Align::Left)) + 2.0;
    for line in &document.issuer.lines {
        y = block.text(0.0, y, &typesetter.set(line, LABEL, left, Align::Left));
    }
    let title = typesetter.set(&document.title, Style::bold(21.0, Ink::Accent), RIGHT, Align::Right);
    y = block.text(WIDTH - RIGHT, 0.0, &title);
    block.text(WIDTH - RIGHT, y, &typesetter.set(&document.number, Style::bold(11.0, Ink::Text), RIGHT, Align::Right));
    block.area(0.0, block.height + 12.0, WIDTH, 0.7, Ink::Hairline);
    block
}

/// The facts at the left, the recipients at the right, one below the other.
fn parties(typesetter: &mut Typesetter, document: &Document) -> Block {
    let mut block = Block::default();
    let facts: Vec<_> = document.facts.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    block.put(0.0, 2.0, pairs(typesetter, &facts, LABEL, BODY, WIDTH - RIGHT - GUTTER, 4.0));
    let mut y = 0.0;
    for (label, party) in &document.recipients {
        let card = card(typesetter, label, party);
        let height = card.height;
        block.put(WIDTH - RIGHT, y, card);
        y += height + 8.0;
    }
    block
}

/// A recipient.
fn card(typesetter: &mut Typesetter, label: &str, party: &Party) -> Block {
    const PAD: f32 = 11.0;
    let width = RIGHT - 2.0 * PAD;
    let mut block = Block::default();
    let mut y = block.text(PAD, PAD - 2.0, &typesetter.set(label, Style::bold(7.6, Ink::Accent), width, Align::Left)) + 1.0;
    if !party.name.is_empty() {
        y = block.text(PAD, y, &typesetter.set(&party.name, Style::bold(11.0, Ink::Text), width, Align::Left)) + 1.0;
    }
    for line in &party.lines {
        y = block.text(PAD, y, &typesetter.set(line, BODY, width, Align::Left));
    }
    if !party.identification.is_empty() {
        let numbers: Vec<_> = party.identification.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
        let numbers = pairs(typesetter, &numbers, SMALL_LABEL, SMALL, width, 0.5);
        block.put(PAD, y + 5.0, numbers);
    }
    let height = block.height + PAD - 1.0;
    block.ground(0.0, 0.0, RIGHT, height, Ink::Tint);
    block.area(0.0, 0.0, 2.2, height, Ink::Accent);
    block
}

/// Labels, and behind the longest of them the values.
fn pairs(typesetter: &mut Typesetter, pairs: &[(&str, &str)], label: Style, value: Style, width: f32, gap: f32) -> Block {
    let longest = pairs.iter().map(|(name, _)| typesetter.width(name, label)).fold(0.0, f32::max);
    let indent = (longest + 12.0).min(width * 0.45);
    let mut block = Block::default();
    let mut y = 0.0;
    for (name, text) in pairs {
        let left = block.text(0.0, y, &typesetter.set(name, label, indent - 6.0, Align::Left));
        let right = block.text(indent, y, &typesetter.set(text, value, width - indent, Align::Left));
        y = left.max(right) + gap;
    }
    block
}

/// The totals, and the sum in words under them: one block, for they are read together. Notes stand beside the totals if they are
/// short enough, so that they don't fill a page of their own; otherwise they are given back.
fn sums<'d>(typesetter: &mut Typesetter, document: &'d Document) -> (Block, &'d [String]) {
    const PAD: f32 = 8.0;
    let mut block = Block::default();
    let mut y = 0.0;
    let last = document.totals.len().saturating_sub(1);
    let left = WIDTH - RIGHT;
    for (at, (label, value)) in document.totals.iter().enumerate() {
        let emphasised = at == last;
        let (label_style, value_style, pad) = if emphasised {
            (Style::bold(10.4, Ink::White), Style::bold(10.4, Ink::White), 6.0)
        } else {
            (LABEL, Style::plain(9.2, Ink::Text), 3.4)
        };
        // The value is the number, which must not be broken if it can be helped
        let wide = (typesetter.width(value, value_style) + 0.5).min(RIGHT * 0.75 - PAD);
        let label = typesetter.set(label, label_style, RIGHT - wide - 3.0 * PAD, Align::Left);
        let value = typesetter.set(value, value_style, wide, Align::Right);
        let height = label.height().max(value.height()).max(value_style.line()) + 2.0 * pad;
        if emphasised {
            block.area(left, y, RIGHT, height, Ink::Accent);
        } else if at + 1 < last {
            block.area(left, y + height - 0.5, RIGHT, 0.5, Ink::Hairline);
        }
        block.text(left + PAD, y + pad, &label);
        block.text(WIDTH - PAD - wide, y + pad, &value);
        y += height;
    }
    let mut notes = Block::default();
    for note in &document.notes {
        let top = if notes.height > 0.0 { notes.height + NOTE_GAP } else { 0.0 };
        notes.text(0.0, top, &typesetter.set(note, SMALL_LABEL, left - GUTTER, Align::Left));
    }
    let beside = notes.height + 4.0 <= y;
    if beside {
        block.put(0.0, 4.0, notes);
    }
    if let Some(words) = &document.in_words {
        let above = if y > 0.0 { y + 14.0 } else { 0.0 };
        block.text(0.0, above, &typesetter.set(words, Style::plain(9.4, Ink::Text), WIDTH, Align::Left));
    }
    (block, if beside { &[] } else { document.notes.as_slice() })
}

/// Boxes to sign in. One alone stands at the right, where one signs.
fn boxes(typesetter: &mut Typesetter, titles: &[String], all: usize) -> Block {
    const GAP: f32 = 16.0;
    const HEIGHT: f32 = 76.0;
    let side_by_side = if all > 2 { 3.0 } else { 2.0 };
    let width = (WIDTH - GAP * (side_by_side - 1.0)) / side_by_side;
    let texts: Vec<Text> =
        titles.iter().map(|title| typesetter.set(title, Style::bold(8.4, Ink::Accent), width - 16.0, Align::Left)).collect();
    let height = texts.iter().map(Text::height).fold(0.0, f32::max) + HEIGHT;
    let mut block = Block::default();
    let mut x = if all == 1 { WIDTH - width } else { 0.0 };
    for text in &texts {
        block.frame(x, 0.0, width, height, Ink::Hairline);
        block.text(x + 8.0, 7.0, text);
        x += width + GAP;
    }
    block
}

/// Above every page but the first: what this is a page of.
fn running(typesetter: &mut Typesetter, document: &Document) -> Block {
    let mut block = Block::default();
    let (left, right) = ((WIDTH - GUTTER) * 0.6, (WIDTH - GUTTER) * 0.4);
    let name = typesetter.set(&name(document), Style::bold(9.0, Ink::Accent), left, Align::Left).at_most(2);
    block.text(0.0, 0.0, &name);
    let issuer = typesetter.set(&line(&document.issuer.name), LABEL, right, Align::Right).at_most(2);
    block.text(WIDTH - right, 0.0, &issuer);
    block.area(0.0, block.height.max(BODY.line()) + 5.0, WIDTH, 0.7, Ink::Hairline);
    block
}

/// Who issues, with all numbers that the law asks for: in one line if that can be read.
fn footer(typesetter: &mut Typesetter, issuer: &Party) -> Block {
    // A line ends with the dot rather than that it begins with it
    const SEPARATOR: &str = "\u{a0}\u{a0}·  ";
    let numbers = issuer.identification.iter().map(|(label, value)| line(&format!("{label} {value}")));
    // A number stays on the line of its label
    let parts: Vec<String> = std::iter::once(line(&issuer.name)).chain(numbers).map(|part| part.replace(' ', "\u{a0}")).collect();
    let text = parts.join(SEPARATOR);
    let width = WIDTH - 46.0;
    let style = [7.0, 6.6, 6.2].map(|size| Style::plain(size, Ink::Muted));
    let fitting = style.into_iter().find(|style| typesetter.width(&text, *style) <= width);
    let style = fitting.unwrap_or(Style::plain(6.6, Ink::Muted));
    let mut block = Block::default();
    block.area(0.0, 0.0, WIDTH, 0.7, Ink::Hairline);
    block.text(0.0, 6.0, &typesetter.set(&text, style, width, Align::Left).at_most(3));
    block.height = block.height.max(6.0 + style.line());
    block
}

/// The pages with the footer and their number.
fn numbered(typesetter: &mut Typesetter, mut pages: Vec<Block>, footer: &Block) -> Vec<Block> {
    let all = pages.len();
    for (at, page) in pages.iter_mut().enumerate() {
        let mut footer = footer.clone();
        let number = format!("Page {}/{all}", at + 1);
        footer.text(0.0, 6.0, &typesetter.set(&number, Style::plain(7.0, Ink::Muted), WIDTH, Align::Right));
        page.put(MARGIN, PAGE.1 - BOTTOM - footer.height, footer);
    }
    pages
}
