//! Tagged answers as generators of clients read them: each variant a schema with a name.
//!
//! An enum with a tag is described as `oneOf` nameless `allOf`s, which generators leave out. It must
//! never change what the document says.

use utoipa::openapi::schema::{AllOf, OneOf, Schema};
use utoipa::openapi::{Components, Ref, RefOr};

/// Names the variants of every tagged schema, and spreads what is added to one over its variants.
pub(super) fn name(components: &mut Components) {
    name_variants(components);
    spread(components);
    name_variants(components);
}

/// Moves each nameless `allOf` of a `oneOf` to a schema named after its tag.
fn name_variants(components: &mut Components) {
    let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::OneOf(one_of)) = schema else {
            continue;
        };
        for item in &mut one_of.items {
            let RefOr::T(Schema::AllOf(variant)) = item else {
                continue;
            };
            let Some(tag) = tag_of(variant) else {
                continue;
            };
            for part in &mut variant.items {
                if let RefOr::Ref(part) = part {
                    part.description.clear();
                }
            }
            let variant_name = format!("{name}{}", capitalised(&tag));
            let reference = RefOr::Ref(Ref::from_schema_name(variant_name.clone()));
            named.push((variant_name, std::mem::replace(item, reference)));
        }
    }
    components.schemas.extend(named);
}

/// Turns `allOf [A or B, more]` into `A and more, or B and more`.
fn spread(components: &mut Components) {
    let variants = |reference: &Ref| -> Option<Vec<(String, RefOr<Schema>)>> {
        let name = reference.ref_location.rsplit('/').next()?;
        let RefOr::T(Schema::OneOf(one_of)) = components.schemas.get(name)? else {
            return None;
        };
        let named = |item: &RefOr<Schema>| match item {
            RefOr::Ref(variant) => {
                let whole = variant.ref_location.rsplit('/').next()?;
                Some((whole.strip_prefix(name)?.to_owned(), item.clone()))
            }
            RefOr::T(_) => None,
        };
        one_of.items.iter().map(named).collect()
    };
    let mut spread: Vec<(String, RefOr<Schema>)> = Vec::new();
    for (name, schema) in &components.schemas {
        let RefOr::T(Schema::AllOf(all_of)) = schema else {
            continue;
        };
        let Some((RefOr::Ref(first), rest)) = all_of.items.split_first() else {
            continue;
        };
        let Some(found) = variants(first) else {
            continue;
        };
        let mut one_of = OneOf::new();
        one_of.description.clone_from(&all_of.description);
        for (tag, variant) in found {
            let mut whole = AllOf::new();
            whole.items.push(variant);
            whole.items.extend(rest.iter().cloned());
            let variant_name = format!("{name}{tag}");
            one_of
                .items
                .push(RefOr::Ref(Ref::from_schema_name(variant_name.clone())));
            spread.push((variant_name, RefOr::T(Schema::AllOf(whole))));
        }
        spread.push((name.clone(), RefOr::T(Schema::OneOf(one_of))));
    }
    components.schemas.extend(spread);
}

/// The one value of the tag that tells a variant apart.
fn tag_of(variant: &AllOf) -> Option<String> {
    variant.items.iter().find_map(|part| {
        let RefOr::T(Schema::Object(object)) = part else {
            return None;
        };
        object.properties.values().find_map(|property| {
            let RefOr::T(Schema::Object(tag)) = property else {
                return None;
            };
            match tag.enum_values.as_deref() {
                Some([only]) => only.as_str().map(str::to_owned),
                Some(_) | None => None,
            }
        })
    })
}

fn capitalised(tag: &str) -> String {
    let mut letters = tag.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
