//! The layouts against each other and against the listings beside the reference files; hostile input.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tiny::Tiny;
use super::*;

/// A reference file, or a word that it is not at hand.
fn reference(name: &str) -> Option<Vec<u8>> {
    oracle::data::bytes(&oracle::data::beside(&format!("pat/{name}"))?)
}

fn names(weights: &Weights) -> Vec<&str> {
    weights.tensors.iter().map(Tensor::name).collect()
}

/// A file of two layers, with a group that holds nothing.
fn two_layers() -> Vec<u8> {
    let mut file = Tiny::new();
    let kernel = file.array(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let bias = file.array(&[3], &[0.1, 0.2, 0.3]);
    let inner = file.group(&[("bias:0", bias), ("kernel:0", kernel)]);
    let dense = file.group(&[("dense_4", inner)]);
    let inputs = file.group(&[]);
    let root = file.group(&[("dense_4", dense), ("inputs", inputs)]);
    file.finish(root)
}

/// A file with one array at a path, made of groups.
fn one_array(path: &str) -> Vec<u8> {
    let mut file = Tiny::new();
    let mut at = file.array(&[1], &[1.0]);
    for part in path.rsplit('/') {
        at = file.group(&[(part, at)]);
    }
    file.finish(at)
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).expect_err("refused").to_string()
}

#[test]
fn reads_groups_and_arrays() {
    let weights = read(&two_layers()).expect("a sound file");
    assert_eq!(weights.layout, Layout::Keras2Weights);
    // The counter behind the projection's name says nothing.
    assert_eq!(
        names(&weights),
        ["dense/dense/bias:0", "dense/dense/kernel:0"]
    );
    assert_eq!(weights.tensors[1].shape(), [2, 3]);
    assert_eq!(weights.tensors[1].values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn names_of_every_layout() {
    let check = |path: &str, layout: Layout, name: &str| {
        let weights = read(&one_array(path)).expect(path);
        assert_eq!(
            (weights.layout, names(&weights)),
            (layout, vec![name]),
            "{path}"
        );
    };
    let norm = "encoder_layer_2_transformer/encoder_layer_2_norm2/beta:0";
    check(norm, Layout::Keras2Weights, norm);
    check(&format!("model_weights/{norm}"), Layout::Keras2Model, norm);
    check(
        "layers/functional_1/layers/layer_normalization_1/vars/1",
        Layout::Keras3Weights,
        norm,
    );
    check(
        "layers/functional/layers/multi_head_attention/output_dense/vars/0",
        Layout::Keras3Weights,
        "encoder_layer_1_transformer/encoder_layer_1_attention/attention_output/kernel:0",
    );
    check(
        "layers/conv1d/vars/0",
        Layout::Keras3Weights,
        "conv1d/conv1d/kernel:0",
    );
    check(
        "conv1d_2/conv1d_2/bias:0",
        Layout::Keras2Weights,
        "conv1d/conv1d/bias:0",
    );
}

#[test]
fn what_is_no_network_is_named() {
    let why = refusal(&one_array("layers/gru/vars/0"));
    assert!(
        why.starts_with("layers/gru/vars/0: no array of an encoder"),
        "{why}"
    );
    let why = refusal(&one_array("layers/dense/vars/2"));
    assert!(why.starts_with("layers/dense/vars/2: "), "{why}");
    let why = refusal(&one_array("model_weights"));
    assert!(
        why.starts_with("model_weights: no array of an encoder"),
        "{why}"
    );
    assert_eq!(
        refusal(&one_array("layers/dropout/seed_generator/vars/0")),
        "the file holds no arrays"
    );
}

#[test]
fn state_of_training_is_left_out() {
    let mut file = Tiny::new();
    let beta = file.array(&[1], &[1.0]);
    // The step counter is a 64-bit whole number: it has no place among weights and is not read.
    let step = file.header(&[
        (0x01, &[1, 0, 0, 0, 0, 0, 0, 0]),
        (0x03, &[0x10; 20]),
        (0x08, &[3, 1]),
    ]);
    let model = file.group(&[("beta:0", beta)]);
    let optimiser = file.group(&[("step:0", step)]);
    let root = file.group(&[("model_weights", model), ("optimizer_weights", optimiser)]);
    let weights = read(&file.finish(root)).expect("a sound file");
    assert_eq!(names(&weights), ["beta:0"]);
}

#[test]
fn hostile_sizes_are_refused() {
    for shape in [[u64::MAX, u64::MAX], [1 << 40, 1 << 40], [1 << 20, 1]] {
        let mut file = Tiny::new();
        let numbers = file.append(&[0; 64]);
        let bytes = shape[0].wrapping_mul(shape[1]).wrapping_mul(4);
        let huge = file.array_at(&shape, numbers, bytes);
        let root = file.group(&[("huge", huge)]);
        let why = refusal(&file.finish(root));
        assert!(why.starts_with("huge: "), "{why}");
    }
    // Many arrays that share the bytes of one.
    let mut file = Tiny::new();
    let numbers = file.append(&[0; 4096]);
    let shared: Vec<u64> = (0..64)
        .map(|_| file.array_at(&[1024], numbers, 4096))
        .collect();
    let members: Vec<_> = shared.iter().map(|&header| ("again", header)).collect();
    let root = file.group(&members);
    assert!(refusal(&file.finish(root)).contains("claim more bytes than the file has"));
}

#[test]
fn hostile_cycles_are_refused() {
    // A group that contains itself.
    let mut file = Tiny::new();
    let (symbols, heap) = file.symbols(&[("self", 0)]);
    let tree = file.tree(0, &[symbols]);
    let group = file.group_of(tree, heap);
    file.set(symbols + 16, group);
    assert_eq!(
        refusal(&file.finish(group)),
        "self: the same object under a second name"
    );

    // An index whose child is the node itself.
    let mut file = Tiny::new();
    let (_, heap) = file.symbols(&[]);
    let tree = file.at();
    file.tree(1, &[tree]);
    let group = file.group_of(tree, heap);
    assert!(refusal(&file.finish(group)).contains("at the wrong level"));

    // An index that fans out to the same nodes again and again: 256^4 visits if nobody counted.
    let mut file = Tiny::new();
    let (symbols, heap) = file.symbols(&[]);
    let mut node = file.tree(0, &[symbols; 256]);
    for level in 1..4 {
        node = file.tree(level, &[node; 256]);
    }
    let group = file.group_of(node, heap);
    assert_eq!(
        refusal(&file.finish(group)),
        "the file holds more than 8192 structures"
    );

    // A header that goes on in itself.
    let mut file = Tiny::new();
    let at = file.at();
    let mut on = (at + 16).to_le_bytes().to_vec();
    on.extend(24_u64.to_le_bytes());
    let header = file.header(&[(0x10, &on)]);
    file.set(at, 1 | 0xffff << 16);
    file.set(at + 8, 24);
    assert!(refusal(&file.finish(header)).contains("scattered without end"));
}

#[test]
fn hostile_nesting_is_refused() {
    let deep = ["deep"; 40].join("/");
    assert!(refusal(&one_array(&deep)).ends_with("nested deeper than any network"));
    for name in ["..", ".", "a/b", "a\nb"] {
        let mut file = Tiny::new();
        let one = file.array(&[1], &[1.0]);
        let root = file.group(&[(name, one)]);
        assert!(
            refusal(&file.finish(root)).contains("is no name"),
            "{name:?}"
        );
    }
}

#[test]
fn hostile_changes_of_one_bit_never_panic() {
    let sound = two_layers();
    let before = read(&sound).expect("a sound file");
    let mut refused = 0;
    for at in 0..sound.len() {
        for bit in 0..8 {
            let mut changed = sound.clone();
            changed[at] ^= 1 << bit;
            match read(&changed) {
                Err(_) => refused += 1,
                Ok(after) => assert!(after.tensors.len() <= before.tensors.len()),
            }
        }
    }
    // Most bits say something; those of numbers and of fields nobody needs may change unseen.
    assert!(
        refused * 3 > sound.len() * 8,
        "{refused} of {}",
        sound.len() * 8
    );
    for length in 0..sound.len() {
        assert!(read(&sound[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn reference_files_agree_bit_by_bit() {
    let Some(published) = reference("small/PAT-S_random_seed11_weights.h5") else {
        return;
    };
    let small = read(&published).expect("a sound file");
    assert_eq!(small.layout, Layout::Keras2Weights);
    for (file, layout) in [
        (
            "small/PAT-S_random_seed11_full_model_keras2.h5",
            Layout::Keras2Model,
        ),
        (
            "small/PAT-S_random_seed11_keras3.weights.h5",
            Layout::Keras3Weights,
        ),
    ] {
        let other = read(&reference(file).expect("beside the first")).expect(file);
        assert_eq!(other.layout, layout);
        assert_eq!(other.tensors, small.tensors, "{file}");
    }
    let converted = to_safetensors(&small.tensors, &BTreeMap::new());
    let other = read(&converted).expect("our own safetensors");
    assert_eq!(
        (other.layout, other.tensors),
        (Layout::Safetensors, small.tensors)
    );
}

/// Names and shapes as h5py lists them, and the parameters as Keras counts them.
#[test]
fn reference_files_hold_what_their_listing_says() {
    for (size, file, parameters) in [
        ("small", "PAT-S_random_seed11_weights.h5", 274_720),
        ("medium", "PAT-M_random_seed12_weights.h5", 993_440),
        ("large", "PAT-L_random_seed13_weights.h5", 1_984_192),
    ] {
        let Some(bytes) = reference(&format!("{size}/{file}")) else {
            return;
        };
        let listing = reference(&format!("{size}/hdf5_tree.json")).expect("beside the file");
        let listing: serde_json::Value = serde_json::from_slice(&listing).expect("JSON");
        let mut listed: Vec<(String, serde_json::Value)> = listing["tree"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|item| item["kind"] == "dataset")
            .map(|item| {
                (
                    item["path"].as_str().expect("a path")[1..].to_owned(),
                    item["shape"].clone(),
                )
            })
            .collect();
        listed.sort_by(|left, right| left.0.cmp(&right.0));
        let weights = read(&bytes).expect(file);
        let read: Vec<_> = weights
            .tensors
            .iter()
            .map(|tensor| (tensor.name().to_owned(), serde_json::json!(tensor.shape())))
            .collect();
        assert_eq!(read, listed, "{file}");
        let count: usize = weights
            .tensors
            .iter()
            .map(|tensor| tensor.values().len())
            .sum();
        assert_eq!(count, parameters, "{file}");
    }
}

#[test]
fn hostile_cuts_of_a_reference_file_are_refused() {
    for file in [
        "small/PAT-S_random_seed11_weights.h5",
        "small/PAT-S_random_seed11_full_model_keras2.h5",
        "small/PAT-S_random_seed11_keras3.weights.h5",
    ] {
        let Some(bytes) = reference(file) else { return };
        let structures = [b"HEAP", b"TREE", b"SNOD", b"GCOL"]
            .into_iter()
            .flat_map(|signature| {
                memchr::memmem::find_iter(&bytes, signature).flat_map(|at| [at, at + 3, at + 8])
            });
        for length in (0..bytes.len())
            .step_by(4096)
            .chain(structures)
            .chain([bytes.len() - 1])
        {
            assert!(read(&bytes[..length]).is_err(), "{file} cut at {length}");
            // Cut, and the superblock made to agree: what is behind the end is missed all the same.
            let mut cut = bytes[..length].to_vec();
            if let Some(end) = cut.get_mut(40..48) {
                end.copy_from_slice(&u64::try_from(length).expect("small").to_le_bytes());
            }
            if length + 4096 < bytes.len() {
                assert!(read(&cut).is_err(), "{file} cut at {length}, end moved");
            }
        }
    }
}

#[test]
fn safetensors_cover_their_numbers_exactly() {
    let file = |header: &str, numbers: usize| {
        let mut bytes = u64::try_from(header.len())
            .expect("short")
            .to_le_bytes()
            .to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; numbers]);
        bytes
    };
    let one = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert!(read(&file(one, 8)).is_ok());
    let check = |header: &str, numbers: usize, expect: &str| {
        let why = refusal(&file(header, numbers));
        assert!(why.contains(expect), "{why}");
    };
    check(one, 4, "a: its numbers are said to be bytes 0 to 8");
    check(one, 12, "numbers that belong to no array");
    check(
        &one.replace("[2]", "[3]"),
        8,
        "a: shape [3] does not fit the 8 bytes",
    );
    check(
        &one.replace("[2]", "[18446744073709551615,9]"),
        8,
        "does not fit",
    );
    check(
        &one.replace("F32", "BF16"),
        8,
        "a: numbers of type \"BF16\"",
    );
    check(
        &one.replace("[0,8]", "[8,0]"),
        8,
        "a: its numbers are said to be bytes 8 to 0",
    );
    check(
        &one.replace("\"dtype\"", "\"type\""),
        8,
        "not the JSON of safetensors",
    );
    let overlap = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    check(overlap, 8, "b: its numbers are said to be bytes 4 to 8");
    let mut endless = file(one, 8);
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal(&endless).contains("longer than any header"));
    let mut not_a_number = file(one, 8);
    let last = not_a_number.len() - 4;
    not_a_number[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(refusal(&not_a_number), "a: value 1 is not a finite number");
}

#[test]
fn other_files_are_told_apart() {
    for bytes in [
        b"".as_slice(),
        b"PK\x03\x04",
        b"\x89HDF\r\n\x1a",
        b"GIF89a...",
    ] {
        assert_eq!(read(bytes), Err(WeightsError::UnknownFormat));
    }
    let mut newer = two_layers();
    newer[8] = 2;
    assert!(refusal(&newer).contains("superblocks newer than version 0 are not supported"));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        at in 0_usize..2048,
        bytes in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let mut file = two_layers();
        let at = at % file.len();
        let until = (at + bytes.len()).min(file.len());
        file[at..until].copy_from_slice(&bytes[..until - at]);
        let _ = read(&file);
        let mut safetensors = to_safetensors(&read(&two_layers()).expect("sound").tensors, &BTreeMap::new());
        let at = at % safetensors.len();
        let until = (at + bytes.len()).min(safetensors.len());
        safetensors[at..until].copy_from_slice(&bytes[..until - at]);
        let _ = read(&safetensors);
    }
}
