//! How an embedder embeds.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    llm::{EmbedRequest, Embedder},
};

use crate::llm::EmbedPlace;

const TEXTS: [&str; 5] =
    ["rain", "a much longer text about the weather of last week", "Ünïcödé", "rain", "0"];

async fn embed(embedder: &dyn Embedder, texts: &[&str]) -> Vec<Vec<f32>> {
    let request = EmbedRequest::new(texts.iter().copied());
    embedder.embed(Arc::new(request)).await.unwrap_or_else(|error| panic!("{error:?}")).vectors
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn every_text_has_a_vector_of_length_one(place: &dyn EmbedPlace) {
    let embedder = place.embedder().await;
    let vectors = embed(&*embedder, &TEXTS).await;
    assert_eq!(vectors.len(), TEXTS.len());
    for vector in &vectors {
        assert_eq!(vector.len(), vectors[0].len());
        let length: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-4, "its length is {length}");
    }
    assert_eq!(vectors[0], vectors[3], "the same text has the same vector");
    assert_ne!(vectors[0], vectors[1]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_text_has_its_vector_wherever_it_stands(place: &dyn EmbedPlace) {
    let embedder = place.embedder().await;
    let together = embed(&*embedder, &TEXTS).await;
    for (text, vector) in TEXTS.iter().zip(together) {
        let alone = embed(&*embedder, &[text]).await.remove(0);
        let cosine: f32 = alone.iter().zip(&vector).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "{text:?}: {cosine}");
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn no_texts_have_no_vectors(place: &dyn EmbedPlace) {
    let embedder = place.embedder().await;
    assert!(embed(&*embedder, &[]).await.is_empty());
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn texts_that_cannot_be_embedded_are_refused(place: &dyn EmbedPlace) {
    let embedder = place.embedder().await;
    let refused =
        async |request: EmbedRequest| embedder.embed(Arc::new(request)).await.expect_err("refused").kind();
    assert_eq!(refused(EmbedRequest::new(["rain", ""])).await, ErrorKind::InvalidInput);
    assert_eq!(
        refused(EmbedRequest { dimensions: Some(0), ..EmbedRequest::new(["rain"]) }).await,
        ErrorKind::InvalidInput
    );
    let most = embedder.capabilities().max_texts;
    if most < 10_000 {
        assert_eq!(refused(EmbedRequest::new(vec!["rain"; most + 1])).await, ErrorKind::LimitExceeded);
    }
    if !embedder.capabilities().dimensions {
        assert_eq!(
            refused(EmbedRequest { dimensions: Some(8), ..EmbedRequest::new(["rain"]) }).await,
            ErrorKind::Unsupported
        );
    }
}
