//! Money and prices.

use heptad_core::llm::{
    Usage,
    money::{Money, Price, Prices},
};
use proptest::prelude::*;

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

#[test]
fn amounts_are_read_and_shown_exactly() {
    for (text, shown) in [
        ("0", "0.00"),
        ("12", "12.00"),
        ("0.5", "0.50"),
        ("0.000000000001", "0.000000000001"),
        ("3.141", "3.141"),
    ] {
        assert_eq!(money(text).to_string(), shown);
    }
    for wrong in ["", ".", "1.", ".5", "-1", "1e3", "1,5", "0.0000000000001", "99999999999999999999", "１"] {
        let error = Money::parse(wrong).unwrap_err();
        assert!(error.message().contains("no amount of money"), "{wrong}: {error}");
    }
}

const LIST: &str = r#"
currency = "USD"
[[model]]
name = "big"
input = "3"
cached_input = "0.30"
output = "15"
[[model]]
name = "big-*"
input = "1"
output = "2"
[[model]]
name = "big-new-*"
input = "4"
output = "5"
"#;

#[test]
fn the_most_exact_row_holds() {
    let prices = Prices::parse("prices.toml", LIST).unwrap();
    let of = |model: &str| {
        prices
            .of(model)
            .map(|price| price.of(&Usage { input_tokens: 1_000_000, ..Usage::default() }).to_string())
    };
    assert_eq!(of("big").as_deref(), Some("3.00"));
    assert_eq!(of("big-1").as_deref(), Some("1.00"));
    assert_eq!(of("big-new-1").as_deref(), Some("4.00"));
    assert_eq!(of("small"), None);
    let usage = Usage { input_tokens: 1_000, output_tokens: 10, cached_tokens: 400 };
    assert_eq!(prices.of("big").unwrap().of(&usage), money("0.00207"));
    assert_eq!(prices.currency(), "USD");
}

#[test]
fn a_malformed_list_is_refused_with_the_line() {
    for (text, want) in [
        ("currency = \"USD\"\n[[model]]\nname = \"m\"\ninput = 1.5\noutput = \"2\"", "prices.toml:4"),
        ("currency = \"USD\"\n[[model]]\nname = \"m\"\ninput = \"a\"\noutput = \"2\"", "prices.toml:4"),
        ("currency = \"USD\"\n[[model]]\nname = \"m\"\ninput = \"1\"", "prices.toml:2"),
        ("currency = \"USD\"\n[[model]]\nnam = \"m\"", "prices.toml:3"),
        ("[[model]]", "prices.toml:1"),
    ] {
        let error = Prices::parse("prices.toml", text).unwrap_err();
        assert!(error.message().starts_with(want), "{error}");
    }
    let twice = format!("{LIST}[[model]]\nname = \"big\"\ninput = \"1\"\noutput = \"1\"");
    assert!(Prices::parse("p", &twice).unwrap_err().message().contains("twice"));
}

proptest! {
    #[test]
    fn a_bound_is_never_below_what_is_paid(input in 0_u64..1 << 40, output in 0_u64..1 << 40, cached in any::<u64>()) {
        let price: Price = Prices::parse("p", LIST).unwrap().of("big").unwrap();
        let paid = price.of(&Usage { input_tokens: input, output_tokens: output, cached_tokens: cached });
        prop_assert!(paid <= price.most(input, output));
    }

    #[test]
    fn shown_and_read_is_the_same(pico in any::<u64>()) {
        let text = format!("{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000);
        let amount = money(&text);
        prop_assert_eq!(money(&amount.to_string()), amount);
    }
}
