// status_of - the lines that something adds to the status
#pragma once

#include "common/facts.h"

#include <string>

namespace postern {

template <class Part>
std::string status_of(const Part& part)
{
    Facts facts;
    part.add_facts(facts);
    return write_status(facts);
}

} // namespace postern
