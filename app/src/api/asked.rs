//! Asking the server for what a page shows. The answers to all pages are of one type: browsers load the code that
//! waits for them, keeps them and reads them from the page once.

use std::pin::Pin;

use leptos::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::AppError,
    wire::{InPage, Packed, unpack},
};

/// What was asked and what came of it: an answer is never shown for another question.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    pub question: String,
    told: Result<Packed, AppError>,
}

impl Answer {
    pub fn is_told(&self) -> bool {
        self.told.is_ok()
    }

    pub fn read<T: DeserializeOwned>(self) -> Result<T, AppError> {
        unpack(&self.told?)
    }
}

pub type Answers = Resource<Answer, InPage>;

type Telling = Pin<Box<dyn Future<Output = Result<Packed, AppError>> + Send>>;

/// Asks, and asks again whenever the question changes, or the number beside it.
pub fn answers<F>(question: impl Fn() -> (String, u32) + Send + Sync + 'static, ask: fn(String) -> F) -> Answers
where
    F: Future<Output = Result<Packed, AppError>> + Send + 'static,
{
    asked(Box::new(question), Box::new(move |question| Box::pin(ask(question))))
}

fn asked(
    question: Box<dyn Fn() -> (String, u32) + Send + Sync>,
    ask: Box<dyn Fn(String) -> Telling + Send + Sync>,
) -> Answers {
    let fetch = move |(question, _): (String, u32)| {
        let telling = ask(question.clone());
        async move { Answer { question, told: telling.await } }
    };
    Resource::new_with_options(question, fetch, false)
}
