// An observation as part of a result's JSON document, and back.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/app/observation.h"

namespace sim {

nlohmann::ordered_json to_json_part(const Observation& seen);
// Precondition: `json` came from `to_json_part`.
Observation observation_from(const nlohmann::ordered_json& json);

}  // namespace sim
