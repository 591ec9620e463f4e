// Connectors whose errors and warnings, which may repeat what a server or a library says, show no secret.
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/source/source.hpp"

#include <memory>

namespace millrace {

[[nodiscard]] std::unique_ptr<source::reader> without_secrets(std::unique_ptr<source::reader> own);
[[nodiscard]] std::unique_ptr<sink::writer> without_secrets(std::unique_ptr<sink::writer> own);

}  // namespace millrace
