//! Text becomes lines of glyphs: fonts, directions, line breaks.

use std::{
    collections::BTreeSet,
    rc::Rc,
    sync::{Arc, LazyLock},
};

use icu_segmenter::GraphemeClusterSegmenter;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, CharmapIndex, Collection, CollectionOptions, SourceCache};
use parley::{
    FontContext, FontFamily, FontFamilyName, FontWeight, LayoutContext, Line as ShapedLine, LineHeight, OverflowWrap, StyleProperty,
};

use crate::{Align, RenderError};

/// How much of one text is printed: several pages. What would be more is a mistake, not a name; and parley counts the bytes of
/// a run in 16 bits.
const MAX_TEXT: usize = 16_000;
/// Stands for every no-break space: at the wide one parley breaks a line that is full, and a number with it.
const NARROW: char = '\u{202f}';
/// What it lacks to be as wide as a word's space, in sizes.
const WIDENED: f32 = 0.09;
/// How many characters may be written on top of each other. The longest that mean something have about ten; parley counts them
/// in 8 bits.
const MAX_CLUSTER: usize = 32;
/// The height of a line, in sizes of the font.
const LINE: f32 = 1.36;
/// How far above and below the line Noto Sans reaches, in sizes. Lines in Arabic stand on the same line as their neighbours,
/// although their font asks for more.
const ASCENT: f32 = 1.069;
const DESCENT: f32 = 0.293;

/// The faces of each family: plain first, then bold where there is one. A character is taken from the first family that has it.
static FAMILIES: [(&str, &[&[u8]]); 4] = [
    ("Noto Sans", &[include_bytes!("../fonts/NotoSans-Regular.ttf"), include_bytes!("../fonts/NotoSans-Bold.ttf")]),
    ("Noto Sans Arabic", &[include_bytes!("../fonts/NotoSansArabic-Regular.ttf"), include_bytes!("../fonts/NotoSansArabic-Bold.ttf")]),
    ("Noto Sans Tifinagh", &[include_bytes!("../fonts/NotoSansTifinagh-Regular.ttf")]),
    // Arrows, mathematical and other signs
    ("DejaVu Sans", &[include_bytes!("../fonts/DejaVuSans.ttf"), include_bytes!("../fonts/DejaVuSans-Bold.ttf")]),
];

/// The fonts as parley knows them and as krilla does.
struct Fonts {
    context: FontContext,
    /// By the id that parley gives their bytes.
    faces: Vec<(u64, Font)>,
    /// Which characters each family has, by its plain face.
    has: Vec<(CharmapIndex, &'static [u8])>,
}

impl Fonts {
    fn has(&self, family: usize, char: char) -> bool {
        let map = self.has.get(family).and_then(|(index, file)| index.charmap(file));
        map.and_then(|map| map.map(char)).is_some_and(|glyph| glyph != 0)
    }

    /// The first family that has a character.
    fn family_of(&self, char: char) -> Option<usize> {
        (0..self.has.len()).find(|family| self.has(*family, char))
    }
}

/// Parsed once, and shared: a clone of the context is a few pointers.
static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(|| {
    // Never the fonts of the machine: a document looks the same everywhere
    let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
    let (mut faces, mut has) = (Vec::new(), Vec::new());
    for (_, files) in &FAMILIES {
        for (at, file) in files.iter().enumerate() {
            let blob = Blob::new(Arc::new(*file));
            faces.push((blob.id(), Font::new((*file).into(), 0)?));
            let (_, fonts) = collection.register_fonts(blob, None).pop()?;
            if at == 0 {
                has.push((fonts.first()?.charmap_index(), *file));
            }
        }
    }
    Some(Fonts { context: FontContext { collection, source_cache: SourceCache::default() }, faces, has })
});

/// What is drawn in which colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// What matters.
    Text,
    /// Labels, addresses, small print.
    Muted,
    /// Titles and the last total.
    Accent,
    /// Thin lines.
    Hairline,
    /// Light areas.
    Tint,
    /// On the accent.
    White,
    /// What a document that is void is marked with.
    Void,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) ink: Ink,
}

impl Style {
    pub(crate) const fn plain(size: f32, ink: Ink) -> Self {
        Style { size, bold: false, ink }
    }

    pub(crate) const fn bold(size: f32, ink: Ink) -> Self {
        Style { size, bold: true, ink }
    }

    /// The height of one line.
    pub(crate) fn line(self) -> f32 {
        self.size * LINE
    }

    /// From the top of a line to where its letters stand.
    pub(crate) fn baseline(self) -> f32 {
        self.size * ((LINE - ASCENT - DESCENT) / 2.0 + ASCENT)
    }
}

/// A text that is ready to be drawn.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) style: Style,
    pub(crate) lines: Vec<Rc<Line>>,
}

impl Text {
    pub(crate) fn height(&self) -> f32 {
        self.lines.iter().map(|_| self.style.line()).sum()
    }

    /// The width of its widest line.
    pub(crate) fn width(&self) -> f32 {
        self.lines.iter().map(|line| line.width).fold(0.0, f32::max)
    }

    /// No more than so many lines.
    pub(crate) fn at_most(mut self, lines: usize) -> Self {
        self.lines.truncate(lines);
        self
    }
}

/// A line of glyphs, in the order in which they are seen.
#[derive(Debug)]
pub(crate) struct Line {
    /// Of what the glyphs are made, so that text can be copied from the PDF.
    pub(crate) text: Rc<str>,
    pub(crate) runs: Vec<Run>,
    width: f32,
}

#[cfg(test)]
impl Line {
    /// What of the text stands on the line.
    pub(crate) fn words(&self) -> String {
        let ranges = || self.runs.iter().flat_map(|run| &run.glyphs).map(|glyph| &glyph.text_range);
        let start = ranges().map(|range| range.start).min().unwrap_or_default();
        let end = ranges().map(|range| range.end).max().unwrap_or_default();
        self.text[start..end].to_owned()
    }
}

/// Neighbouring glyphs of one font.
#[derive(Debug)]
pub(crate) struct Run {
    /// From the left edge of the text's box.
    pub(crate) x: f32,
    pub(crate) font: Font,
    pub(crate) glyphs: Vec<KrillaGlyph>,
}

/// Makes lines of texts. It keeps what it learned about the fonts, so one serves a whole file.
pub(crate) struct Typesetter {
    fonts: &'static Fonts,
    context: FontContext,
    layouts: LayoutContext<()>,
    /// The characters that were asked for and that no font has.
    pub(crate) missing: BTreeSet<char>,
}

impl Typesetter {
    pub(crate) fn new() -> Result<Self, RenderError> {
        let fonts = FONTS.as_ref().ok_or(RenderError::Fonts)?;
        Ok(Typesetter { fonts, context: fonts.context.clone(), layouts: LayoutContext::new(), missing: BTreeSet::new() })
    }

    /// Breaks a text into lines of a width. Each of its paragraphs has the direction of its first letter; where the lines
    /// stand is the page's decision alone, for a table with cells at both edges is hard to read.
    pub(crate) fn set(&mut self, text: &str, style: Style, width: f32, align: Align) -> Text {
        let text = self.printable(text);
        let mut lines = Vec::new();
        for paragraph in text.split('\n').filter(|_| !text.is_empty()) {
            self.paragraph(paragraph, style, Some((width.max(1.0), align)), &mut lines);
        }
        Text { style, lines }
    }

    /// How wide a text is on one line.
    pub(crate) fn width(&mut self, text: &str, style: Style) -> f32 {
        let mut lines = Vec::new();
        let text = self.printable(text).replace('\n', " ");
        self.paragraph(&text, style, None, &mut lines);
        Text { style, lines }.width()
    }

    /// What of a text can be printed: line breaks of all kinds become one, other control characters are dropped, and so are those
    /// that would turn the direction of what follows them, with which a sum can be made to look like another.
    fn printable(&mut self, text: &str) -> String {
        let text = text.replace("\r\n", "\n");
        let mut clean: String = text
            .chars()
            .filter_map(|char| match char {
                '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
                '\t' => Some(' '),
                '\u{a0}' => Some(NARROW),
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
                _ if char.is_control() => None,
                _ => Some(char),
            })
            .take(MAX_TEXT)
            .collect();
        clean.truncate(clean.trim_end().len());
        // What comes before the combining characters is in the first font, and never put together
        if clean.chars().all(|char| char < '\u{300}') { clean } else { self.spelled(&clean) }
    }

    /// A text without characters that would be printed as empty boxes: what no font has is written as its code point, U+4E2D,
    /// apart from its neighbours. Characters piled up beyond all measure become one replacement character.
    fn spelled(&mut self, text: &str) -> String {
        let mut spelled = String::with_capacity(text.len());
        // Whether a code point stands before, or a letter or digit, which would be read as part of it
        let (mut code, mut word) = (false, false);
        let bounds = GraphemeClusterSegmenter::new().segment_str(text).collect::<Vec<_>>();
        for cluster in bounds.windows(2).filter_map(|bounds| text.get(*bounds.first()?..*bounds.last()?)) {
            if cluster.chars().count() > MAX_CLUSTER {
                spelled.push(char::REPLACEMENT_CHARACTER);
                (code, word) = (false, false);
                continue;
            }
            // A cluster is drawn with one font: the one that has all of it, or else its first character
            let visible = || cluster.chars().filter(|char| !is_ignorable(*char));
            let whole = (0..FAMILIES.len()).find(|family| visible().all(|char| self.fonts.has(*family, char)));
            let family = whole.or_else(|| self.fonts.family_of(cluster.chars().next()?));
            for char in cluster.chars() {
                if char == '\n' || family.is_some_and(|family| self.fonts.has(family, char)) {
                    if code && char.is_alphanumeric() {
                        spelled.push(' ');
                    }
                    spelled.push(char);
                    (code, word) = (false, char.is_alphanumeric());
                } else if !is_ignorable(char) {
                    self.missing.insert(char);
                    if code || word {
                        spelled.push(' ');
                    }
                    spelled.push_str(&format!("U+{:04X}", u32::from(char)));
                    (code, word) = (true, false);
                }
            }
        }
        match spelled.char_indices().nth(MAX_TEXT) {
            Some((end, _)) => spelled.get(..end).unwrap_or_default().to_owned(),
            None => spelled,
        }
    }

    fn paragraph(&mut self, text: &str, style: Style, place: Option<(f32, Align)>, lines: &mut Vec<Rc<Line>>) {
        let families = FAMILIES.map(|(name, _)| FontFamilyName::named(name));
        let mut builder = self.layouts.ranged_builder(&mut self.context, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List((&families).into())));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::FontWeight(if style.bold { FontWeight::BOLD } else { FontWeight::NORMAL }));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(LINE)));
        // A word that is wider than its column is broken anywhere; a line is never wider than its place
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::BreakWord));
        for (at, space) in text.match_indices(NARROW) {
            builder.push(StyleProperty::LetterSpacing(style.size * WIDENED), at..at + space.len());
        }
        let mut layout = builder.build(text);
        layout.break_all_lines(place.map(|(width, _)| width));
        let text = Rc::<str>::from(text);
        lines.extend(layout.lines().map(|line| Rc::new(glyphs(self.fonts, &text, style.size, &line, place))));
    }
}

/// The glyphs of a line at their places. The space at which the line was broken is left out: parley leaves it among the words
/// where directions change.
fn glyphs(fonts: &Fonts, text: &Rc<str>, size: f32, line: &ShapedLine<'_, ()>, place: Option<(f32, Align)>) -> Line {
    let range = line.text_range();
    let end = text.get(range.clone()).map_or(range.end, |words| range.start + words.trim_end().len());
    let mut runs = Vec::new();
    let mut x = 0.0;
    for run in line.runs() {
        let start = x;
        let mut glyphs = Vec::<KrillaGlyph>::new();
        for cluster in run.visual_clusters().filter(|cluster| cluster.text_range().start < end) {
            // The rest of a ligature has no glyph of its own, but its letters belong to it
            if cluster.is_ligature_continuation()
                && let Some(glyph) = glyphs.last_mut()
            {
                let range = cluster.text_range();
                glyph.text_range = glyph.text_range.start.min(range.start)..glyph.text_range.end.max(range.end);
            }
            for glyph in cluster.glyphs() {
                // krilla counts a glyph's offset upwards, parley downwards
                let (advance, dx, dy) = (glyph.advance / size, glyph.x / size, -glyph.y / size);
                glyphs.push(KrillaGlyph::new(GlyphId::new(glyph.id), advance, dx, dy, 0.0, cluster.text_range(), None));
                x += glyph.advance;
            }
        }
        let id = run.font().data.id();
        match runs.last_mut() {
            // Parley begins a run wherever the style changes, which is at each space of a number
            Some((last, rtl, Run { glyphs: before, .. })) if *last == id && *rtl == run.is_rtl() => before.append(&mut glyphs),
            _ if glyphs.is_empty() => {}
            _ => {
                if let Some((_, font)) = fonts.faces.iter().find(|(face, _)| *face == id) {
                    runs.push((id, run.is_rtl(), Run { x: start, font: font.clone(), glyphs }));
                }
            }
        }
    }
    let mut runs: Vec<Run> = runs.into_iter().map(|(_, _, run)| run).collect();
    if let Some((width, Align::Right)) = place {
        for run in &mut runs {
            run.x += (width - x).max(0.0);
        }
    }
    Line { text: text.clone(), runs, width: x }
}

/// Whether a character is nothing to be seen: joiners, marks of direction, selectors of a variant. Where a font lacks it, it is
/// left out.
fn is_ignorable(char: char) -> bool {
    matches!(char, '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}
