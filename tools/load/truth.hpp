// The true probabilities of generated listeners, to judge predictions by.
#pragma once

#include "tools/load/options.hpp"

namespace millrace::load {

/// Writes a line a listener, `userId,probability,left`, to the file that `truth` names, whole or not at all: of
/// those who have not left before record `truth_from`. There must be a count. Errors: ec::io.
[[nodiscard]] expected<void> write_truth(const options& o);

}  // namespace millrace::load
