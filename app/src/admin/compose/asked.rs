//! The address a page is composed for: its parts, and the addresses of its neighbours.

use std::str::FromStr;

use model::page::{ListQuery, Sort};

use crate::{
    address,
    admin::{
        page::{Action, Empty, Pairs},
        table::{Column, Order},
    },
    error::{AppError, ErrorKind},
};

pub struct Asked<'a> {
    path: &'a str,
    pairs: Pairs,
}

/// An id in a path. What is no id names nothing.
pub fn id<T: FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::new(ErrorKind::NotFound))
}

impl<'a> Asked<'a> {
    pub fn new(path: &'a str, query: &str) -> Self {
        // What is empty counts as absent: a form sends all its fields.
        Self { path, pairs: address::decoded(query).filter(|(_, value)| !value.is_empty()).collect() }
    }

    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    pub fn path(&self) -> &str {
        self.path
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of a closed set or an id.
    pub fn parsed<T: FromStr<Err = model::text::RuleError>>(&self, name: &str) -> Result<Option<T>, AppError> {
        let wrong = |rule| AppError::invalid(vec![model::FieldError::new(name, rule)]);
        self.get(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// What a list of what was set up is asked for.
    pub fn list(&self) -> Result<ListQuery, AppError> {
        let text = |name: &str| self.get(name).map(str::to_owned);
        Ok(ListQuery {
            q: text("q"),
            status: text("status"),
            advertiser_id: self.parsed("advertiser_id")?,
            campaign_id: self.parsed("campaign_id")?,
            influencer_id: self.parsed("influencer_id")?,
            role: text("role"),
            sort: self.parsed("sort")?,
            cursor: text("cursor"),
            ..ListQuery::default()
        })
    }

    /// A column that sorts: upward by one order of the list, downward by the other.
    pub fn sorts(&self, column: Column, up: Sort, down: Sort) -> Column {
        let now = self.get("sort").unwrap_or(Sort::default().as_str());
        let order = match now {
            now if now == up.as_str() => Order::Ascending,
            now if now == down.as_str() => Order::Descending,
            _ => Order::None,
        };
        let next = if order == Order::Ascending { down } else { up };
        column.sorted(self.with("sort", Some(next.as_str())), order)
    }

    /// This address with one parameter changed; None takes it away. The cursor goes: it belongs to the old question.
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        let others = self.pairs.iter().filter(|(found, _)| found != name && found != "cursor");
        let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
        address::with_query(self.path, others.chain(value.map(|value| (name, value))))
    }

    /// Another address with this one's question.
    pub fn beside(&self, path: &str) -> String {
        let pairs = self.pairs.iter().filter(|(name, _)| name != "cursor" && name != "limit");
        address::with_query(path, pairs.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// What stands in place of rows: where something narrows them, that nothing fits.
    pub fn empty(&self, none_at_all: Empty) -> Empty {
        let narrows = |(name, _): &(String, String)| !["sort", "cursor", "limit"].contains(&name.as_str());
        if !self.pairs.iter().any(narrows) {
            return none_at_all;
        }
        Empty {
            title: "Nothing fits".into(),
            text: "Nothing is here that fits the search and the filters.".into(),
            action: Some(Action::go("Show all", self.path)),
        }
    }

    /// The first page again, where this is another.
    pub fn first(&self) -> Option<String> {
        self.get("cursor").map(|_| self.with("cursor", None))
    }

    /// The page after this.
    pub fn next(&self, cursor: Option<&str>) -> Option<String> {
        cursor.map(|cursor| self.with("cursor", Some(cursor)))
    }

    /// The parameters that a form keeps, which sets these itself.
    pub fn kept(&self, set: &[&str]) -> Pairs {
        let stays = |(name, _): &&(String, String)| name != "cursor" && name != "q" && !set.contains(&name.as_str());
        self.pairs.iter().filter(stays).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_keeps_the_rest_of_the_question() {
        let asked = Asked::new("/admin/links", "?q=a+b%26&status=active&cursor=x&empty=");
        assert_eq!(asked.segments(), ["admin", "links"]);
        assert_eq!((asked.get("q"), asked.get("empty")), (Some("a b&"), None));
        assert_eq!(asked.with("status", None), "/admin/links?q=a%20b%26");
        assert_eq!(asked.next(Some("y")).as_deref(), Some("/admin/links?q=a%20b%26&status=active&cursor=y"));
        assert_eq!(asked.first().as_deref(), Some("/admin/links?q=a%20b%26&status=active"));
        assert_eq!(asked.kept(&["status"]), []);
    }
}
