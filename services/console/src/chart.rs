//! Charts: SVG that a page's style colours, beside the numbers as a table for who can't see them.

use plotters::prelude::{BLACK, ChartBuilder, Color, IntoDrawingArea, Rectangle, SVGBackend};
use plotters::style::{IntoFont, TextStyle};

/// A chart's size, in pixels of its own; a page fits it to its column.
const SIZE: (u32, u32) = (860, 220);

/// A day, and what there was of it.
pub struct Day {
    /// `26/11`
    pub label: String,
    /// What the bar is as high as.
    pub height: f64,
    /// The same in words.
    pub shown: String,
    /// How many there were.
    pub count: String,
    /// The list of them.
    pub href: String,
}

/// Bars, one a day.
///
/// # Errors
/// What the drawing says; nobody's input is in it but numbers and days.
pub fn bars(days: &[Day], scale: fn(f64) -> String) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, days, scale).map_err(|error| error.to_string())?;
    // As wide as its column, and colours from the page
    let svg =
        svg.replacen(&format!("width=\"{}\" height=\"{}\" viewBox", SIZE.0, SIZE.1), "class=\"chart\" aria-hidden=\"true\" viewBox", 1);
    Ok(svg)
}

fn draw(svg: &mut String, days: &[Day], scale: fn(f64) -> String) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let most = days.iter().map(|day| day.height).fold(1.0, f64::max) * 1.08;
    let last = i32::try_from(days.len())?;
    let mut chart =
        ChartBuilder::on(&area).margin(6).x_label_area_size(22).y_label_area_size(64).build_cartesian_2d(0..last, 0f64..most)?;
    let text = TextStyle::from(("sans-serif", 12).into_font());
    let name = |at: &i32| usize::try_from(*at).ok().and_then(|at| days.get(at)).map(|day| day.label.clone()).unwrap_or_default();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(8)
        .y_labels(5)
        .label_style(text)
        .x_label_formatter(&name)
        .y_label_formatter(&|height| scale(*height))
        .light_line_style(BLACK.mix(0.0))
        .bold_line_style(BLACK.mix(0.15))
        .axis_style(BLACK.mix(0.3))
        .draw()?;
    let bars = (0..last).zip(days).map(|(at, day)| {
        let mut bar = Rectangle::new([(at, 0.0), (at + 1, day.height)], BLACK.mix(0.9).filled());
        bar.set_margin(0, 0, 3, 3);
        bar
    });
    chart.draw_series(bars)?;
    area.present()?;
    drop(chart);
    drop(area);
    Ok(())
}
