//! Lesson prose as elements: blocks and spans of our own Markdown reader; commands become chips that type themselves.

use super::icons::icon;
use super::ui::Ui;
use crate::i18n::T;
use crate::markdown::{Block, Inline, parse};
use playground::Input;
use yew::prelude::*;

pub fn prose(ui: &Ui, text: &str) -> Html {
    parse(text).iter().map(|b| block(ui, b)).collect()
}

/// A click types the command at the prompt; Enter is the learner's.
pub fn chip(ui: &Ui, command: &str) -> Html {
    let title = ui.t(T::chip_title);
    html! { <button class="chip" title={title} onclick={ui.input(Input::Type(command.to_string()))}>{ icon("prompt") }<code>{ command }</code></button> }
}

fn block(ui: &Ui, b: &Block) -> Html {
    match b {
        Block::Heading(n, inner) => match n {
            1 => html! { <h2>{ spans(inner) }</h2> },
            2 => html! { <h3>{ spans(inner) }</h3> },
            _ => html! { <h4>{ spans(inner) }</h4> },
        },
        Block::Paragraph(inner) => html! { <p>{ spans(inner) }</p> },
        Block::Command(command) => chip(ui, command),
        Block::Code(_, text) => html! { <pre tabindex="0"><code>{ text }</code></pre> },
        Block::List { ordered, items } => {
            let items: Html = items
                .iter()
                .map(|i| html! { <li>{ spans(i) }</li> })
                .collect();
            if *ordered {
                html! { <ol>{ items }</ol> }
            } else {
                html! { <ul>{ items }</ul> }
            }
        }
        Block::Quote(inner) => html! { <blockquote>{ spans(inner) }</blockquote> },
        Block::Table(rows) => {
            let cell = |c: &Vec<Inline>, head: bool| {
                if head {
                    html! { <th>{ spans(c) }</th> }
                } else {
                    html! { <td>{ spans(c) }</td> }
                }
            };
            let row = |(i, r): (usize, &Vec<Vec<Inline>>)| html! { <tr>{ for r.iter().map(|c| cell(c, i == 0)) }</tr> };
            html! { <table>{ for rows.iter().enumerate().map(row) }</table> }
        }
        Block::Rule => html! { <hr /> },
    }
}

pub fn spans(inner: &[Inline]) -> Html {
    let one = |i: &Inline| match i {
        Inline::Text(t) => html! { { t } },
        Inline::Code(t) => html! { <code>{ t }</code> },
        Inline::Strong(x) => html! { <strong>{ spans(x) }</strong> },
        Inline::Emphasis(x) => html! { <em>{ spans(x) }</em> },
        Inline::Link(url, x) => {
            html! { <a href={url.clone()} target="_blank" rel="noopener noreferrer">{ spans(x) }</a> }
        }
    };
    inner.iter().map(one).collect()
}
