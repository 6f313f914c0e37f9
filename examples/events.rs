//! An order is stored and told of in one commit; a consumer group counts orders, each exactly once, although it crashes in between.
//!
//! `cargo run --example events`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use heptad::{
    core::events::{Effects, GroupConfig},
    prelude::*,
};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let heptad = Heptad::in_memory().await?;
    let (store, bus) = (&heptad.kernel().store, &heptad.kernel().bus);
    let topic = Topic::new("orders")?;

    for number in 1..=3 {
        let order = json!({ "item": "lamp", "pieces": number });
        let event = Event::new("/shop", "shop.order.placed").subject(format!("o-{number}")).data(&order)?;
        let mut batch = Batch::new();
        batch.put(Key::new("orders", format!("o-{number}"))?, Value::json(&order)?);
        bus.publish_in(&mut batch, &topic, vec![event]).await?;
        store.commit(batch).await?;
    }

    let orders = bus.subscribe(&topic, GroupConfig::new("counter")).await?;
    let total = Key::new("totals", "pieces")?;
    for _ in 0..3 {
        let mut delivery = orders.next().await?;
        let order: serde_json::Value = delivery.event().decode()?;
        let before: u64 = match store.get(&total).await? {
            Some(record) => record.value.decode()?,
            None => 0,
        };
        let mut batch = Batch::new();
        batch.put(total.clone(), Value::json(&(before + order["pieces"].as_u64().unwrap_or_default()))?);
        let applied = Effects::once(&mut delivery, batch).await?;
        println!("{} {applied:?}", delivery.event().subject.as_deref().unwrap_or_default());
    }
    let pieces: Option<u64> = store.get(&total).await?.map(|record| record.value.decode()).transpose()?;
    println!("{} pieces", pieces.unwrap_or_default());
    assert_eq!(pieces, Some(6));
    Ok(())
}
