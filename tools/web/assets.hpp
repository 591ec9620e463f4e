// The page and what it loads (tools/web/page), compiled in.
#pragma once

#include "actors/api/assets.hpp"

#include <span>

namespace millrace::web {

[[nodiscard]] std::span<const api::asset> assets();

}  // namespace millrace::web
