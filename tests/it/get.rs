//! Get.

mod ids;
mod login_names;
