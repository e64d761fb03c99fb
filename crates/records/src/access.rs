//! Who may do what with a model's records.

use crate::filter::Filter;

/// What an identity may do with a model's records.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// May read.
    pub read: bool,
    /// May make new ones.
    pub create: bool,
    /// May change and archive.
    pub write: bool,
    /// May remove.
    pub unlink: bool,
    /// Which records exist for it; `None`: all.
    pub visible: Option<Filter>,
    /// Which of the visible ones it may change; `None`: all.
    pub writable: Option<Filter>,
    /// Which fields it may read; `None`: all.
    pub fields: Option<&'static [&'static str]>,
}

impl Access {
    /// Everything.
    pub fn all() -> Access {
        Access { read: true, create: true, write: true, unlink: true, ..Access::default() }
    }

    /// Reading only.
    pub fn read() -> Access {
        Access { read: true, ..Access::default() }
    }

    /// The same for some records only; said twice, for those that are both.
    pub fn only(mut self, visible: Filter) -> Access {
        self.visible = Some(match self.visible.take() {
            Some(rule) => Filter::And(vec![rule, visible]),
            None => visible,
        });
        self
    }

    /// Reading, and nothing is there.
    pub fn none() -> Access {
        Access::read().only(Filter::Or(Vec::new()))
    }
}
