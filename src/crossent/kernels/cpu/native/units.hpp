// The units of this build: unit.cpp, compiled once for each.
#pragma once

#include "task.hpp"

namespace crossent {

#if defined(CROSSENT_X86)
namespace avx512 { extern const Unit unit; }
namespace avx2 { extern const Unit unit; }
#endif
namespace baseline { extern const Unit unit; }

}  // namespace crossent
