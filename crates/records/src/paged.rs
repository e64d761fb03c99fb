//! A page of records as the add-on tells it.

use std::io::Write;

use crate::read::Page;
use crate::request::{Window, cursor};

/// The add-on's list: `{count, prev, current, next, total_pages, result}`, with `total` where pages are asked for and
/// `next_cursor` on a walk.
pub fn envelope(window: &Window, page: &Page) -> Vec<u8> {
    let number = |n: Option<i64>| n.map_or("null".to_owned(), |n| n.to_string());
    let mut out = Vec::with_capacity(page.rows.len() + 160);
    let (current, pages) = match *window {
        Window::Page { page: current, size, .. } => {
            (current, page.total.unwrap_or(0).div_euclid(size) + i64::from(page.total.unwrap_or(0) % size > 0))
        }
        _ => (1, 1),
    };
    let beside = |n: i64| Some(n).filter(|n| (1..=pages).contains(n) && current <= pages && matches!(window, Window::Page { .. }));
    write!(
        out,
        r#"{{"count":{},"prev":{},"current":{current},"next":{},"total_pages":{pages}"#,
        page.count,
        number(beside(current - 1)),
        number(beside(current + 1)),
    )
    .ok();
    if let Some(total) = page.total {
        write!(out, r#","total":{total}"#).ok();
    }
    if let Window::After { limit, .. } = *window {
        match page.last_id.filter(|_| page.count == limit) {
            Some(id) => drop(write!(out, r#","next_cursor":"{}""#, cursor(id))),
            None => out.extend_from_slice(br#","next_cursor":null"#),
        }
    }
    out.extend_from_slice(br#","result":["#);
    out.extend_from_slice(page.rows.as_bytes());
    out.extend_from_slice(b"]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(window: Window, count: i64, total: Option<i64>) -> String {
        String::from_utf8(envelope(&window, &Page { rows: "{}".into(), count, total, last_id: Some(255) })).unwrap()
    }

    #[test]
    fn pages_are_counted_as_the_add_on_counts_them() {
        let page = |page| Window::Page { page, size: 2, limit: None };
        assert_eq!(text(page(1), 2, Some(5)), r#"{"count":2,"prev":null,"current":1,"next":2,"total_pages":3,"total":5,"result":[{}]}"#);
        assert_eq!(text(page(3), 1, Some(5)), r#"{"count":1,"prev":2,"current":3,"next":null,"total_pages":3,"total":5,"result":[{}]}"#);
        assert!(text(page(4), 0, Some(5)).contains(r#""prev":null,"current":4,"next":null,"total_pages":3"#));
        assert!(text(page(1), 0, Some(0)).contains(r#""total_pages":0"#));
    }

    #[test]
    fn a_walk_ends_without_a_cursor() {
        let walk = Window::After { id: 0, limit: 2 };
        assert!(text(walk, 2, None).contains(r#""next_cursor":"id-ff""#));
        assert!(text(walk, 1, None).contains(r#""next_cursor":null"#));
    }
}
