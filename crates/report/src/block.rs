//! What stands on paper: texts and rectangles at their places, and how they reach the PDF.

use std::rc::Rc;

use krilla::{
    color::rgb,
    geom::{PathBuilder, Point, Rect, Transform},
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
};

use crate::{
    RenderError,
    typeset::{Ink, Line, Style, Text},
};

/// The size of A4 in points.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);

/// Things that belong together, with places relative to the block's own corner. A whole page is one too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) height: f32,
    marks: Vec<Mark>,
}

/// One thing on paper.
#[derive(Clone, Debug)]
enum Mark {
    Line {
        x: f32,
        top: f32,
        style: Style,
        line: Rc<Line>,
    },
    Area {
        x: f32,
        top: f32,
        width: f32,
        height: f32,
        ink: Ink,
    },
    /// A line of this width from the lower left of the page to the upper right, through which everything can be read.
    Across {
        style: Style,
        width: f32,
        line: Rc<Line>,
    },
}

impl Mark {
    fn span(&self) -> (f32, f32) {
        match self {
            Mark::Line { top, style, .. } => (*top, top + style.line()),
            Mark::Area { top, height, .. } => (*top, top + height),
            Mark::Across { .. } => (0.0, PAGE.1),
        }
    }

    fn moved(mut self, by: (f32, f32)) -> Self {
        if let Mark::Line { x, top, .. } | Mark::Area { x, top, .. } = &mut self {
            *x += by.0;
            *top += by.1;
        }
        self
    }
}

impl Block {
    /// Adds a text with its upper left corner at a place; says where it ends.
    pub(crate) fn text(&mut self, x: f32, mut top: f32, text: &Text) -> f32 {
        for line in &text.lines {
            self.marks.push(Mark::Line { x, top, style: text.style, line: line.clone() });
            top += text.style.line();
        }
        self.height = self.height.max(top);
        top
    }

    /// Adds a filled rectangle.
    pub(crate) fn area(&mut self, x: f32, top: f32, width: f32, height: f32, ink: Ink) {
        self.marks.push(Mark::Area { x, top, width, height, ink });
        self.height = self.height.max(top + height);
    }

    /// Adds a filled rectangle below everything that is there.
    pub(crate) fn ground(&mut self, x: f32, top: f32, width: f32, height: f32, ink: Ink) {
        self.marks.insert(0, Mark::Area { x, top, width, height, ink });
        self.height = self.height.max(top + height);
    }

    /// Adds the four sides of a rectangle.
    pub(crate) fn frame(&mut self, x: f32, top: f32, width: f32, height: f32, ink: Ink) {
        const LINE: f32 = 0.7;
        for (x, top, width, height) in
            [(x, top, width, LINE), (x, top + height - LINE, width, LINE), (x, top, LINE, height), (x + width - LINE, top, LINE, height)]
        {
            self.area(x, top, width, height, ink);
        }
    }

    /// Marks a page across.
    pub(crate) fn across(&mut self, text: &Text) {
        let (style, width) = (text.style, text.width());
        self.marks.extend(text.lines.first().map(|line| Mark::Across { style, width, line: line.clone() }));
    }

    /// Adds another block at a place.
    pub(crate) fn put(&mut self, x: f32, top: f32, block: Block) {
        self.height = self.height.max(top + block.height);
        self.marks.extend(block.marks.into_iter().map(|mark| mark.moved((x, top))));
    }

    /// Cuts what is higher than a page: first what fits into `room`, then the rest. No line of text is cut through, as long as
    /// the lines of all columns leave a place to cut.
    pub(crate) fn split(self, room: f32) -> (Block, Block) {
        let mut cut = room;
        let texts = || self.marks.iter().filter(|mark| matches!(mark, Mark::Line { .. })).map(Mark::span);
        while let Some(top) = texts().filter(|(top, bottom)| *top < cut && *bottom > cut).map(|(top, _)| top).reduce(f32::min) {
            cut = top;
        }
        if cut < room / 2.0 {
            cut = room;
        }
        let rest_height = (self.height - cut).max(0.0);
        let (mut first, mut rest) = (Block { height: cut, marks: Vec::new() }, Block { height: rest_height, marks: Vec::new() });
        for mark in self.marks {
            let (top, bottom) = mark.span();
            match mark {
                mark if bottom <= cut => first.marks.push(mark),
                mark if top >= cut => rest.marks.push(mark.moved((0.0, -cut))),
                mark @ Mark::Across { .. } => first.marks.push(mark),
                Mark::Line { x, style, line, .. } => rest.marks.push(Mark::Line { x, top: 0.0, style, line }),
                Mark::Area { x, width, ink, .. } => {
                    first.marks.push(Mark::Area { x, top, width, height: cut - top, ink });
                    rest.marks.push(Mark::Area { x, top: 0.0, width, height: bottom - cut, ink });
                }
            }
        }
        (first, rest)
    }

    /// The lines with their places.
    #[cfg(test)]
    pub(crate) fn words(&self) -> Vec<((f32, f32), String)> {
        self.marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Line { x, top, line, .. } => Some(((*x, *top), line.words())),
                Mark::Across { line, .. } => Some(((0.0, 0.0), line.words())),
                Mark::Area { .. } => None,
            })
            .collect()
    }

    /// Draws the block as a page of its own.
    pub(crate) fn draw(&self, pdf: &mut krilla::Document) -> Result<(), RenderError> {
        let (width, height) = PAGE;
        let settings = PageSettings::from_wh(width, height).ok_or_else(|| RenderError::Pdf("no such paper".to_owned()))?;
        let mut page = pdf.start_page_with(settings);
        let mut surface = page.surface();
        for mark in &self.marks {
            match mark {
                Mark::Line { x, top, style, line } => {
                    surface.set_fill(Some(fill(style.ink)));
                    write(&mut surface, (*x, top + style.baseline()), *style, line);
                }
                Mark::Across { style, width: wide, line } => {
                    surface.set_fill(Some(Fill { opacity: NormalizedF32::new(0.16).unwrap_or(NormalizedF32::ONE), ..fill(style.ink) }));
                    surface.push_transform(&Transform::from_rotate_at(-(height / width).atan().to_degrees(), width / 2.0, height / 2.0));
                    write(&mut surface, ((width - wide) / 2.0, height / 2.0 + style.size * 0.36), *style, line);
                    surface.pop();
                }
                Mark::Area { x, top, width, height, ink } => rectangle(&mut surface, Rect::from_xywh(*x, *top, *width, *height), *ink),
            }
        }
        surface.finish();
        page.finish();
        Ok(())
    }
}

/// A line of text that begins at a place.
fn write(surface: &mut Surface<'_>, (x, y): (f32, f32), style: Style, line: &Line) {
    for run in &line.runs {
        surface.draw_glyphs(Point::from_xy(x + run.x, y), &run.glyphs, run.font.clone(), &line.text, style.size, false);
    }
}

/// A rectangle without extent is none.
fn rectangle(surface: &mut Surface<'_>, rect: Option<Rect>, ink: Ink) {
    let mut path = PathBuilder::new();
    if let Some(rect) = rect {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(fill(ink)));
        surface.draw_path(&path);
    }
}

fn fill(ink: Ink) -> Fill {
    let color = match ink {
        Ink::Text => rgb::Color::new(0x1d, 0x23, 0x2b),
        Ink::Muted => rgb::Color::new(0x5a, 0x65, 0x72),
        Ink::Accent => rgb::Color::new(0x1f, 0x3d, 0x5c),
        Ink::Hairline => rgb::Color::new(0xd3, 0xd9, 0xe0),
        Ink::Tint => rgb::Color::new(0xf1, 0xf4, 0xf8),
        Ink::White => rgb::Color::new(0xff, 0xff, 0xff),
        Ink::Void => rgb::Color::new(0xb4, 0x23, 0x18),
    };
    Fill { paint: color.into(), rule: FillRule::default(), ..Fill::default() }
}
