// dkim_header - which header fields a signature covers, and how they are handed over
//
// Pure. Only fields that a signature covers go to libopendkim: its choice of
// fields takes time that grows with the product of h= and the header.
#pragma once

#include "milterd/message.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// The names of the fields, in lower case.
std::vector<std::string> field_names(const std::vector<HeaderField>& header);

// The positions of the fields that h= covers, in the order of the header: for each time a name stands
// in `signed_fields`, whatever its case, the last field of that name not covered yet (RFC 6376 5.4.2).
// `names` as field_names() gives them.
std::vector<std::size_t> covered_fields(std::span<const std::string> names, std::span<const std::string> signed_fields);

// The field as it goes over the wire, without its last line end: libopendkim wants CRLF in the folds
// (its own FIXCRLF gets simple canonicalization wrong), Postfix hands us LF.
std::string wire_text(const HeaderField& field);

// Goes to libopendkim with every mail. It marks the fields that a signature covers in an array with as
// many places as there are fields, and writes one place behind its end when each field is covered and
// h= has names left. No h= can name this field, as its name holds a blank: that place is always free.
constexpr std::string_view uncoverable_field = "not covered:";

// Does libopendkim's relaxed canonicalization get this field wrong? It takes form feeds, vertical
// tabs and lone CRs for white space, and ends the field at a NUL: text could be hidden behind one.
bool is_misread_when_relaxed(const HeaderField& field);

} // namespace postern
