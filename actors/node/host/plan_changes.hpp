// Says for the log in what a topology's file differs from the one that the cluster has. Names alone: values may be secrets. Pure.
#pragma once

#include <string>
#include <string_view>

namespace millrace::host {

/// `before` and `now`: files in JSON, as hosted_plan has them. "it adds stages.b and changes stages.counts.size", with all names;
/// "its file is the same"; where there is no file before, or one of them is no JSON, "its file is new here".
[[nodiscard]] std::string changes_between(std::string_view before, std::string_view now);

}  // namespace millrace::host
