//! `strftime_now`, for templates that name the day.

use std::fmt::Write as _;

use minijinja::{Error, ErrorKind};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `seconds` since 1970 UTC, as `format` has it: `%Y %y %m %d %e %H %I %M %S %p %b %B %a %A %j %%`.
pub(super) fn format(seconds: i64, format: &str) -> Result<String, Error> {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let weekday = DAYS[usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0)];
    let name = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    let twelve = (hour + 11) % 12 + 1;
    let ordinal = days - days_before(year) + 1;
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let written = match characters.next() {
            Some('Y') => write!(text, "{year}"),
            Some('y') => write!(text, "{:02}", year.rem_euclid(100)),
            Some('m') => write!(text, "{month:02}"),
            Some('d') => write!(text, "{day:02}"),
            Some('e') => write!(text, "{day:2}"),
            Some('H') => write!(text, "{hour:02}"),
            Some('I') => write!(text, "{twelve:02}"),
            Some('M') => write!(text, "{minute:02}"),
            Some('S') => write!(text, "{:02}", second % 60),
            Some('p') => write!(text, "{}", if hour < 12 { "AM" } else { "PM" }),
            Some('b') => write!(text, "{}", &name[..3]),
            Some('B') => write!(text, "{name}"),
            Some('a') => write!(text, "{}", &weekday[..3]),
            Some('A') => write!(text, "{weekday}"),
            Some('j') => write!(text, "{ordinal:03}"),
            Some('%') => write!(text, "%"),
            _ => {
                return Err(Error::new(ErrorKind::InvalidOperation, "a format of strftime_now is not known"));
            }
        };
        written.map_err(|_| Error::from(ErrorKind::WriteFailure))?;
    }
    Ok(text)
}

/// Year, month and day of the day that is `days` after 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days from 1970-01-01 to the first of January of `year`.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + (before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400)) - 477
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn days_have_their_names() {
        let cases = [
            (0, "1970-01-01 00:00:00 Thu Thursday 001 12 AM"),
            (951_825_599, "2000-02-29 11:59:59 Tue Tuesday 060 11 AM"),
            (1_735_689_599, "2024-12-31 23:59:59 Tue Tuesday 366 11 PM"),
            (-1, "1969-12-31 23:59:59 Wed Wednesday 365 11 PM"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(format(seconds, "%Y-%m-%d %H:%M:%S %a %A %j %I %p").unwrap(), expected);
        }
        assert_eq!(format(1_721_952_000, "%d %b %Y, %B %e, %y %%").unwrap(), "26 Jul 2024, July 26, 24 %");
        assert!(format(0, "%Q").is_err());
    }
}
