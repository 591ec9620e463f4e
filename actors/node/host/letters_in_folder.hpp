// The dead letters that a topology keeps in its state folder, a part at a time.
#pragma once

#include "actors/node/host/letters.hpp"

#include <cstdint>

namespace millrace::host {

/// `page`: 0 for the oldest that is kept, else what the page before has given as the next: a part, and a byte in it.
/// Whole lines alone are given. ec::unsupported where the topology sends its dead letters to a sink of its own.
[[nodiscard]] expected<api::answers::dead_letters> letters_page(const letters_folder& of, std::uint64_t page);

/// The same from the newest one on; `page`: 0, else what the page before has given.
[[nodiscard]] expected<api::answers::dead_letters> newest_letters_page(const letters_folder& of,
                                                                       std::uint64_t page);

}  // namespace millrace::host
