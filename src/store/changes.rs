use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::Item;

/// The attributes in which an item that is written differs from the one that was read.
///
/// Only these are written, so the item keeps what a newer release has stored with it and this one
/// doesn't know: other attributes, and other values than those that are read as one.
pub(super) struct ItemChanges {
    set: Item,
    removed: Vec<String>,
}

impl ItemChanges {
    pub fn between(before: &Item, mut after: Item) -> Self {
        let removed = before.keys().filter(|name| !after.contains_key(*name));
        let removed = removed.cloned().collect();
        after.retain(|name, value| before.get(name) != Some(value));
        Self {
            set: after,
            removed,
        }
    }

    #[cfg(feature = "function")]
    pub fn apply_to(self, item: &mut Item) {
        item.retain(|name, _| !self.removed.contains(name));
        item.extend(self.set);
    }

    #[cfg(feature = "function")]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    /// The changes as an update that also makes the `more` assignments. Each attribute has its own
    /// name with a `#` before it, because many are reserved words, and its value the name with a `:`.
    pub fn expression(self, more: &[&str]) -> Expression {
        let mut set: Vec<_> = more.iter().map(|&text| text.to_owned()).collect();
        let mut removed = Vec::new();
        let mut expression = Expression::default();
        for (name, value) in self.set {
            set.push(format!("#{name} = :{name}"));
            expression.values.insert(format!(":{name}"), value);
            expression.names.insert(format!("#{name}"), name);
        }
        for name in self.removed {
            removed.push(format!("#{name}"));
            expression.names.insert(format!("#{name}"), name);
        }
        let clauses = [("SET", set), ("REMOVE", removed)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<_> = clauses
            .map(|(word, parts)| format!("{word} {}", parts.join(", ")))
            .collect();
        expression.text = clauses.join(" ");
        expression
    }
}

/// An update or a condition, with its names and values.
#[derive(Default)]
pub(super) struct Expression {
    pub text: String,
    pub names: HashMap<String, String>,
    pub values: Item,
}

impl Expression {
    #[cfg(feature = "function")]
    /// The condition that the attributes `names` of an item still are as they were `read`, those
    /// that were absent included.
    pub fn unchanged<'a>(read: &Item, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut expression = Self::default();
        let mut conditions = Vec::new();
        for name in names {
            expression.names.insert(format!("#{name}"), name.to_owned());
            if let Some(value) = read.get(name) {
                conditions.push(format!("#{name} = :seen_{name}"));
                expression
                    .values
                    .insert(format!(":seen_{name}"), value.clone());
            } else {
                conditions.push(format!("attribute_not_exists(#{name})"));
            }
        }
        expression.text = conditions.join(" AND ");
        expression
    }

    pub fn update(self, mut update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        for (name, attribute) in self.names {
            update = update.expression_attribute_names(name, attribute);
        }
        for (name, value) in self.values {
            update = update.expression_attribute_values(name, value);
        }
        update.update_expression(self.text)
    }
}
