//! Values in the order of an index, and ranges of them.
//!
//! A value becomes text whose bytes are in the order of the values. Text escapes U+0000 to U+0002, so that U+0001 can end every part and
//! comes before anything that goes on; numbers and times have a fixed width. NUL never occurs: a database may refuse it in text.

use crate::clock::Timestamp;

/// Ends every part of an index entry.
pub(super) const END: char = '\u{1}';
/// Comes after everything that begins with a part and its [`END`].
const BEHIND: char = '\u{2}';
/// Before an escaped character.
const ESCAPE: char = '\u{2}';

/// A value in the order of an index: text by code points, numbers by size, times by time, `false` before `true`.
///
/// The values of one index should be of one type. A [`pair`](Self::then) is ordered by its first part, then by its second, and
/// is found by its first part alone as well.
///
/// ```
/// use heptad_core::store::IndexValue;
///
/// assert!(IndexValue::from(-5) < IndexValue::from(3));
/// assert!(IndexValue::from("a").then("z") < IndexValue::from("ab").then("a"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexValue(String);

impl IndexValue {
    /// This value, and `next` where this is the same.
    #[must_use]
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.0.push(END);
        self.0.push_str(&next.into().0);
        self
    }

    /// The value as text, without an end.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Wide enough for every 64-bit integer and every time in nanoseconds.
    fn number(number: i128) -> Self {
        Self(format!("{:020x}", number + (1 << 79)))
    }
}

impl From<&str> for IndexValue {
    fn from(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            if c <= ESCAPE {
                escaped.push(ESCAPE);
                escaped.push(char::from(b'0' + c as u8));
            } else {
                escaped.push(c);
            }
        }
        Self(escaped)
    }
}

impl From<&String> for IndexValue {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for IndexValue {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl From<$number> for IndexValue {
            fn from(number: $number) -> Self {
                Self::number(number.into())
            }
        })+
    };
}

numbers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl From<bool> for IndexValue {
    fn from(flag: bool) -> Self {
        Self(if flag { "1" } else { "0" }.into())
    }
}

impl From<Timestamp> for IndexValue {
    fn from(time: Timestamp) -> Self {
        Self::number(time.as_nanosecond())
    }
}

/// A run of values of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRange {
    pub(super) start: String,
    pub(super) end: Option<String>,
}

impl IndexRange {
    /// All values.
    pub fn all() -> Self {
        Self { start: String::new(), end: None }
    }

    /// One value; of pairs, all that begin with it.
    pub fn equal(value: impl Into<IndexValue>) -> Self {
        let value = value.into().0;
        Self { start: format!("{value}{END}"), end: Some(format!("{value}{BEHIND}")) }
    }

    /// From `start` (included) to `end` (excluded).
    pub fn between(start: impl Into<IndexValue>, end: impl Into<IndexValue>) -> Self {
        Self { start: at(start), end: Some(at(end)) }
    }

    /// `start` and everything greater.
    pub fn from(start: impl Into<IndexValue>) -> Self {
        Self { start: at(start), end: None }
    }

    /// Everything smaller than `end`.
    pub fn below(end: impl Into<IndexValue>) -> Self {
        Self { start: String::new(), end: Some(at(end)) }
    }
}

fn at(value: impl Into<IndexValue>) -> String {
    let mut text = value.into().0;
    text.push(END);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let any =
            prop_oneof![Just('\0'), Just('\u{1}'), Just('\u{2}'), Just('\u{3}'), Just('a'), any::<char>()];
        proptest::collection::vec(any, 0..5).prop_map(|chars| chars.into_iter().collect())
    }

    fn entry(value: impl Into<IndexValue>, id: &str) -> String {
        format!("{}{END}{id}", value.into().as_str())
    }

    proptest! {
        #[test]
        fn texts_keep_their_order(a in text(), b in text(), c in text(), d in text()) {
            let pairs = [(&a, &c), (&b, &d)].map(|(x, y)| IndexValue::from(x).then(y));
            prop_assert_eq!(pairs[0].cmp(&pairs[1]), (&a, &c).cmp(&(&b, &d)));
            let entries = [entry(&a, "id"), entry(&b, "id")];
            prop_assert_eq!(entries[0].cmp(&entries[1]), a.cmp(&b));
            prop_assert!(!entries[0].contains('\0'));
        }

        #[test]
        fn numbers_and_times_keep_their_order(a: i64, b: i64, c: u64, d: u64) {
            prop_assert_eq!(IndexValue::from(a).cmp(&IndexValue::from(b)), a.cmp(&b));
            prop_assert_eq!(IndexValue::from(c).cmp(&IndexValue::from(d)), c.cmp(&d));
            prop_assert_eq!(IndexValue::from(a).cmp(&IndexValue::from(c)), i128::from(a).cmp(&i128::from(c)));
            let time = |n: i64| Timestamp::from_nanosecond(i128::from(n) * 1000).unwrap_or_default();
            prop_assert_eq!(IndexValue::from(time(a)).cmp(&IndexValue::from(time(b))), time(a).cmp(&time(b)));
        }

        #[test]
        fn a_range_holds_what_lies_in_it(lo in text(), hi in text(), value in text(), id in "[a-z]{1,3}") {
            let entry = entry(&value, &id);
            let holds = |range: IndexRange| entry >= range.start && range.end.is_none_or(|end| entry < end);
            prop_assert_eq!(holds(IndexRange::equal(&lo)), value == lo);
            prop_assert_eq!(holds(IndexRange::between(&lo, &hi)), value >= lo && value < hi);
            prop_assert_eq!(holds(IndexRange::from(&lo)), value >= lo);
            prop_assert_eq!(holds(IndexRange::below(&hi)), value < hi);
            prop_assert!(holds(IndexRange::all()));
        }
    }

    #[test]
    fn the_ends_of_time_and_number_fit() {
        for value in
            [Timestamp::MIN.into(), Timestamp::MAX.into(), i64::MIN.into(), IndexValue::from(u64::MAX)]
        {
            assert_eq!(value.as_str().len(), 20);
        }
    }
}
