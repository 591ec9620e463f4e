// The mistakes of stages that could not be planned, because they or a stage upstream have a mistake: those
// that are certain all the same. Possible consequences of a finding are left unsaid.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

/// Looks at what planning left out. `order` is that of planning; stages that it leaves out know nothing of
/// their input.
void check_partly_known(drafts& all, const std::vector<std::size_t>& order, report& out);

}  // namespace millrace::config
