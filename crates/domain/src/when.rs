//! Days and moments as people and programs write them: one reader for each, for what is written, sought and given to methods.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Every form of a day, for a refusal.
pub const DAY_FORMS: &str = "a day as 2026-12-31 or 31/12/2026, or a moment, of which the day counts";
/// Every form of a moment, for a refusal.
pub const MOMENT_FORMS: &str = "a moment as 2026-12-31 23:59:59 or 2026-12-31T23:59:59, with or without seconds, in UTC or with an offset as Z, \
    +01, +0100, +01:00; as 2026-12-31-23-59 or 2026-12-31, in UTC; as 31/12/26 23:59:59, 31/12/2026 23:59:59 or 31/12/2026, in Algiers";
/// Africa/Algiers is one hour before UTC, all the year, since 1981.
const ALGIERS: i64 = 3_600;

/// The day of a text. Of a moment it is the day as it stands there, whatever the offset: Odoo cuts at ten characters.
pub fn day(text: &str) -> Option<NaiveDate> {
    Rest(text.trim().as_bytes()).moment().map(|(local, _)| local.date())
}

/// The moment of a text; of a day its beginning.
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    let (local, offset) = Rest(text.trim().as_bytes()).moment()?;
    let utc = local.checked_sub_signed(TimeDelta::seconds(offset))?;
    is_of_four_digits(utc.date()).then(|| utc.and_utc())
}

/// What chrono prints with more or fewer digits, Postgres would read as another year.
fn is_of_four_digits(day: NaiveDate) -> bool {
    (NaiveDate::from_ymd_opt(1, 1, 1)..=NaiveDate::from_ymd_opt(9999, 12, 31)).contains(&Some(day))
}

/// What is left of a text to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// The next byte, if it is one of these.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        bytes.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number of so many digits, and how many they are.
    fn digits(&mut self, least: usize, most: usize) -> Option<(u32, usize)> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        (count >= least).then_some((value, count))
    }

    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        self.digits(least, most).map(|(value, _)| value)
    }

    /// All of it: the local time, and how many seconds that is ahead of UTC.
    fn moment(mut self) -> Option<(NaiveDateTime, i64)> {
        let (first, count) = self.digits(1, 4)?;
        let read = match (self.one_of(b"-/")?, count) {
            (b'-', 4) => self.of_iso(first)?,
            (b'/', 1 | 2) => (self.of_the_platform(first)?, ALGIERS),
            _ => return None,
        };
        (self.0.is_empty() && is_of_four_digits(read.0.date())).then_some(read)
    }

    fn of_iso(&mut self, year: u32) -> Option<(NaiveDateTime, i64)> {
        let month = self.number(1, 2)?;
        self.one_of(b"-")?;
        let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, self.number(1, 2)?)?;
        if self.0.is_empty() {
            return Some((day.and_time(NaiveTime::MIN), 0));
        }
        if self.one_of(b"-").is_some() {
            // As the add-on's lists have it
            let hour = self.number(2, 2)?;
            self.one_of(b"-")?;
            return Some((day.and_hms_opt(hour, self.number(2, 2)?, 0)?, 0));
        }
        self.one_of(b"Tt ")?;
        let (time, _) = self.time()?;
        Some((day.and_time(time), self.offset()?))
    }

    /// `dd/mm/yy hh:mm:ss`; with a year of four digits also without seconds, or without a time.
    fn of_the_platform(&mut self, day: u32) -> Option<NaiveDateTime> {
        let month = self.number(1, 2)?;
        self.one_of(b"/")?;
        let (year, digits) = self.digits(2, 4)?;
        let year = match (digits, year) {
            // As POSIX has it
            (2, 69..) => 1900 + year,
            (2, _) => 2000 + year,
            (4, _) => year,
            _ => return None,
        };
        let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        if self.0.is_empty() && digits == 4 {
            return Some(day.and_time(NaiveTime::MIN));
        }
        self.one_of(b"Tt ")?;
        let (time, has_seconds) = self.time()?;
        (has_seconds || digits == 4).then(|| day.and_time(time))
    }

    /// A time of the day, and whether it has seconds.
    fn time(&mut self) -> Option<(NaiveTime, bool)> {
        let hour = self.number(1, 2)?;
        self.one_of(b":")?;
        let minute = self.number(2, 2)?;
        if self.one_of(b":").is_none() {
            return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, false));
        }
        let second = self.number(2, 2)?;
        let mut nanoseconds = 0;
        if self.one_of(b".,").is_some() {
            let (value, count) = self.digits(1, 9)?;
            nanoseconds = value * 10_u32.pow(u32::try_from(9 - count).ok()?);
            // What is finer is no moment that anybody keeps
            while self.one_of(b"0123456789").is_some() {}
        }
        Some((NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds)?, true))
    }

    /// `Z`, `+01`, `+0100`, `+01:00`, in seconds; none is UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() {
            return Some(0);
        }
        let _ = self.one_of(b" ");
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2, 2)?;
        let _ = self.one_of(b":");
        let minutes = if self.0.is_empty() { 0 } else { self.number(2, 2)? };
        (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Option<String> {
        moment(text).map(|moment| moment.format("%Y-%m-%d %H:%M:%S%.f").to_string())
    }

    #[test]
    fn every_form_of_a_moment_is_the_same_moment() {
        for text in [
            "2026-12-31 22:59:00",
            "2026-12-31T22:59:00",
            "2026-12-31T22:59:00Z",
            "2026-12-31t22:59:00.000z",
            "2026-12-31 22:59",
            "2026-12-31T23:59:00+01:00",
            "2026-12-31T23:59:00+0100",
            "2026-12-31T23:59:00+01",
            "2026-12-31 23:59+01",
            "2026-12-31 23:59:00 +0100",
            "2026-12-31T17:59:00.000000-05:00",
            "2027-01-01T00:29:00+0130",
            "2026-12-31-22-59",
            "31/12/26 23:59:00",
            "31/12/2026 23:59:00",
            "31/12/2026 23:59",
            "  2026-12-31 22:59:00 ",
        ] {
            assert_eq!(utc(text).as_deref(), Some("2026-12-31 22:59:00"), "{text}");
        }
        assert_eq!(utc("2026-12-31").as_deref(), Some("2026-12-31 00:00:00"));
        assert_eq!(utc("31/12/2026").as_deref(), Some("2026-12-30 23:00:00"), "a day begins in Algiers");
        assert_eq!(utc("2026-01-05 9:05:01.25").as_deref(), Some("2026-01-05 09:05:01.250"));
        assert_eq!(utc("03/11/93 00:00:00").as_deref(), Some("1993-11-02 23:00:00"));
    }

    #[test]
    fn what_could_mean_two_things_is_neither() {
        for text in [
            "",
            "93-11-03",
            "20-01-01",
            "30-07-23 12:23:15",
            "31/12/26",
            "31/12/26 23:59",
            "31/12/126",
            "0000-01-01",
            "12026-01-01",
            "+2026-01-01",
            "-2026-01-01",
            "2026-13-01",
            "2026-02-30",
            "2026-12-31 24:00:00",
            "2026-12-31 23:60:00",
            "2026-12-31 23:59:60",
            "2026-12-31T23:59:00+25",
            "2026-12-31T23:59:00 01:00",
            "2026-12-31 at noon",
            "2026-12-31 ",
            "2026/12/31",
            "12-31-2026",
            "٢٠٢٦-١٢-٣١",
            "1767225599",
            "0001-01-01T00:00:00+01:00",
        ] {
            let trimmed_is_right = text.trim() != text;
            assert_eq!(moment(text).is_some(), trimmed_is_right, "{text}");
        }
    }

    #[test]
    fn a_day_is_the_day_that_stands_in_a_moment() {
        for text in [
            "1993-11-03",
            "03/11/1993",
            "1993-11-03T23:30:00-05:00",
            "1993-11-03T00:30:00+01:00",
            "1993-11-03 23:59:59",
            "1993-11-03-10-00",
            "03/11/93 00:10:00",
            "03/11/1993 00:10",
        ] {
            assert_eq!(day(text), NaiveDate::from_ymd_opt(1993, 11, 3), "{text}");
        }
        for text in ["93-11-03", "03/11/93", "1993-11-03x", "1993-11", "19931103", "1993-11-03 25:00:00"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(seconds in -62_135_596_800_i64..253_402_300_800, offset in -1_439_i64..1_440) {
            let moment_of = DateTime::from_timestamp(seconds, 0).unwrap();
            let local = moment_of.naive_utc() + TimeDelta::minutes(offset);
            prop_assume!(is_of_four_digits(local.date()));
            let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.abs());
            for text in [
                format!("{}{sign}{:02}:{:02}", local.format("%Y-%m-%dT%H:%M:%S"), size / 60, size % 60),
                format!("{}{sign}{:02}{:02}", local.format("%Y-%m-%d %H:%M:%S%.f"), size / 60, size % 60),
                moment_of.to_rfc3339(),
                moment_of.format("%Y-%m-%d %H:%M:%S").to_string(),
            ] {
                prop_assert_eq!(moment(&text), Some(moment_of), "{}", text);
            }
            prop_assert_eq!(day(&local.format("%Y-%m-%dT%H:%M:%SZ").to_string()), Some(local.date()));
            prop_assert_eq!(day(&local.format("%d/%m/%Y").to_string()), Some(local.date()));
        }

        #[test]
        fn no_text_panics_and_no_year_is_guessed(text in "[0-9]{0,5}[-/]?[0-9]{0,3}[-/ ]?[0-9]{0,5}[T ]?[-0-9:.+Z ]{0,16}") {
            if let Some(day) = day(&text) {
                let year = day.format("%Y").to_string();
                prop_assert!(text.contains(&year) || text.contains('/'), "{} read as {}", text, day);
            }
            let _ = moment(&text);
        }
    }
}
