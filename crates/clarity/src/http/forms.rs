//! What the live forms look like in the OpenAPI document; `import` reads them.

mod bodies;

pub(crate) use bodies::{
    BatchUpload, HealthAutoExport, HealthData, HealthKitUpload, OpenWearablesSync, SenderBody,
};
