//! What every [`ChatModel`] and every [`Embedder`] must do, whatever it is made of, and models for tests.
//!
//! An adapter's test crate says how its model is made by a [`Place`] (or an [`EmbedPlace`]) and writes [`chat_suite!`](crate::chat_suite)
//! (or [`embed_suite!`](crate::embed_suite)): that makes one test of each case in [`cases`]. A case about something that the model does
//! not have, by its capabilities, checks instead that it is refused.

pub mod cases;
mod parrot;
mod scripted;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::llm::{ChatModel, Embedder};

pub use self::{
    parrot::Parrot,
    scripted::{Scripted, Step},
};

/// How the model of one test is made.
pub trait Place: Send + Sync {
    /// Makes it.
    fn model(&self) -> BoxFuture<'_, Arc<dyn ChatModel>>;
}

/// How the embedder of one test is made.
pub trait EmbedPlace: Send + Sync {
    /// Makes it.
    fn embedder(&self) -> BoxFuture<'_, Arc<dyn Embedder>>;
}

/// Makes the tests of one adapter: `chat_suite!(expression)`, where the expression makes a new [`Place`] for each test.
#[macro_export]
macro_rules! chat_suite {
    ($place:expr) => {
        $crate::llm_suite! { $place;
            an_answer_starts_and_finishes_once, the_whole_is_the_fold_of_the_stream, what_was_used_is_counted, max_tokens_end_an_answer,
            a_stop_text_ends_an_answer_and_is_not_in_it, malformed_requests_are_refused, what_it_lacks_is_refused,
            a_dropped_answer_leaves_the_model_usable, answers_at_the_same_time_do_not_mix, a_forced_tool_is_called_with_an_object,
            a_structured_answer_fits_its_schema, deterministic_requests_are_answered_alike, the_configured_model_is_listed_first
        }
    };
}

/// Makes the tests of one adapter: `embed_suite!(expression)`, where the expression makes a new [`EmbedPlace`] for each test.
#[macro_export]
macro_rules! embed_suite {
    ($place:expr) => {
        $crate::llm_suite! { $place;
            every_text_has_a_vector_of_length_one, a_text_has_its_vector_wherever_it_stands, no_texts_have_no_vectors,
            texts_that_cannot_be_embedded_are_refused
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! llm_suite {
    ($place:expr; $($case:ident),+) => {
        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $case() {
                $crate::llm::cases::$case(&$place).await;
            }
        )+
    };
}
