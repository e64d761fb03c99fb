//! The table of a document: how wide its columns are, its header, its rows.

use std::iter;

use crate::{
    Align, Column,
    block::Block,
    typeset::{Ink, Style, Typesetter},
};

/// Between a text and the edges of its cell.
const PAD_X: f32 = 5.0;
const PAD_Y: f32 = 4.1;
/// The header repeats on every page, so it must leave room for rows.
const MAX_HEAD: f32 = 180.0;
const HEAD: Style = Style::bold(8.0, Ink::Accent);
const CELL: Style = Style::plain(8.8, Ink::Text);

/// The columns of one document.
pub(crate) struct Table<'a> {
    columns: Vec<(&'a Column, f32)>,
    width: f32,
}

impl<'a> Table<'a> {
    /// Shares the width out: by weight, but each column gets what its longest number or word needs if the others have it.
    /// A number that is broken into two lines is read as two numbers.
    pub(crate) fn new(typesetter: &mut Typesetter, width: f32, columns: &'a [Column], rows: &[Vec<String>]) -> Self {
        let weights: Vec<f32> =
            columns.iter().map(|column| if column.weight.is_finite() { column.weight.clamp(0.01, 1_000.0) } else { 1.0 }).collect();
        let all: f32 = weights.iter().sum();
        let shares = weights.iter().map(|weight| weight / all * width);
        let needs: Vec<f32> = columns.iter().enumerate().map(|(at, column)| need(typesetter, width, column, at, rows)).collect();
        // Where there is not enough for all, words are broken before numbers are
        let of = |align| columns.iter().zip(&needs).filter(move |(column, _)| column.align == align).map(|(_, need)| need).sum::<f32>();
        let (texts, numbers) = (of(Align::Left), of(Align::Right));
        let left_over = (width - numbers).max(width * 0.15);
        let squeeze = if texts > left_over { left_over / texts } else { 1.0 };
        let squeezed = columns.iter().zip(needs).map(|(column, need)| if column.align == Align::Left { need * squeeze } else { need });
        let needs: Vec<(f32, f32)> = shares.zip(squeezed).collect();
        let missing: f32 = needs.iter().map(|(share, need)| (need - share).max(0.0)).sum();
        let spare: f32 = needs.iter().map(|(share, need)| (share - need).max(0.0)).sum();
        let wanted: f32 = needs.iter().map(|(_, need)| need).sum();
        let widths = needs.into_iter().map(|(share, need)| match spare {
            _ if missing >= spare => need / wanted * width,
            _ if share <= need => need,
            _ => share - (share - need) / spare * missing,
        });
        Table { columns: columns.iter().zip(widths).collect(), width }
    }

    /// The header.
    pub(crate) fn head(&self, typesetter: &mut Typesetter) -> Block {
        let titles = self.columns.iter().map(|(column, _)| column.title.as_str());
        let mut head = self.cells(typesetter, HEAD, titles);
        if head.height > MAX_HEAD {
            (head, _) = head.split(MAX_HEAD);
        }
        let height = head.height;
        head.ground(0.0, 0.0, self.width, height, Ink::Tint);
        head.area(0.0, height, self.width, 0.9, Ink::Accent);
        head
    }

    /// A row, with the line under it.
    pub(crate) fn row(&self, typesetter: &mut Typesetter, cells: &[String]) -> Block {
        let mut row = self.cells(typesetter, CELL, cells.iter().map(String::as_str));
        row.area(0.0, row.height, self.width, 0.5, Ink::Hairline);
        row
    }

    fn cells<'t>(&self, typesetter: &mut Typesetter, style: Style, texts: impl Iterator<Item = &'t str>) -> Block {
        let mut block = Block::default();
        block.height = style.line() + 2.0 * PAD_Y;
        let mut x = 0.0;
        for ((column, width), text) in self.columns.iter().zip(texts.chain(iter::repeat(""))) {
            let text = typesetter.set(text, style, width - 2.0 * PAD_X, column.align);
            let bottom = block.text(x + PAD_X, PAD_Y, &text);
            block.height = block.height.max(bottom + PAD_Y);
            x += width;
        }
        block
    }
}

/// The width without which a column's longest word, or number with its unit, would be broken. A column of texts may not push
/// the others aside with one long word.
fn need(typesetter: &mut Typesetter, width: f32, column: &Column, at: usize, rows: &[Vec<String>]) -> f32 {
    let cells = rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
    let longest = match column.align {
        Align::Right => longest(cells.flat_map(str::lines)),
        Align::Left => longest(cells.flat_map(words)),
    };
    let head = typesetter.width(longest_word(&column.title), HEAD);
    let most = if column.align == Align::Right { width * 0.4 } else { width * 0.2 };
    // A little more than the glyphs, so that rounding never breaks what just fits
    (typesetter.width(longest, CELL).max(head) + 2.0 * PAD_X + 0.5).min(most)
}

/// Where a line may be broken; no-break spaces are not such places.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n', '\t'])
}

fn longest_word(text: &str) -> &str {
    longest(words(text))
}

/// Digits are equally wide, so that the text of most characters is wide enough for all numbers.
fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> &'t str {
    texts.max_by_key(|text| text.chars().count()).unwrap_or_default()
}
