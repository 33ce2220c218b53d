#include "common/refusal.h"

static const struct refusal_entry registry[] = {
    { ACCEPTED, "ACCEPTED", "The statement is on the ledger and counts.", FATE_ACCEPTED },
    { REFUSED_MALFORMED, "MALFORMED", "The bytes are not a statement of this wire format.",
      FATE_AWAY },
    { REFUSED_BAD_SIGNATURE, "BAD_SIGNATURE",
      "The signature does not hold for this key on this ledger.", FATE_AWAY },
    { REFUSED_UNKNOWN_KEY, "UNKNOWN_KEY",
      "The signing key is not enrolled on this ledger, or not yet.", FATE_RETRY },
    { REFUSED_REVOKED, "REVOKED", "The signing key is revoked.", FATE_AWAY },
    { REFUSED_REPEAT, "REPEAT", "This very statement is on the ledger already.", FATE_KNOWN },
    { REFUSED_OUTSIDE, "OUTSIDE",
      "Its sequence number is neither new, nor in a gap, nor among the key's last sixteen.",
      FATE_AWAY },
    { REFUSED_JUMP, "JUMP", "Its sequence number is more than 1,048,576 beyond the key's last.",
      FATE_AWAY },
    { REFUSED_GAP_EDGE, "GAP_EDGE",
      "It does not fit the hashes at the edge of the gap it would fill.", FATE_AWAY },
    { REFUSED_BUSY, "BUSY", "The node's queue is full; send it again shortly.", FATE_RETRY },
    { REFUSED_TOO_LARGE, "TOO_LARGE", "It is larger than the wire allows.", FATE_AWAY },
    { REFUSED_QUOTA, "QUOTA", "The key has used up its allowance for now.", FATE_RETRY },
    { REFUSED_CLONE, "CLONE",
      "Another statement with this key and sequence number is recorded: the key is in two hands.",
      FATE_FINAL },
    { REFUSED_NOT_ALLOWED, "NOT_ALLOWED", "A key of this class may not say this.", FATE_FINAL },
    { REFUSED_NO_RIGHT, "NO_RIGHT", "The device has no right to report one of these properties.",
      FATE_FINAL },
    { REFUSED_UNKNOWN_ASSET, "UNKNOWN_ASSET", "No such asset was commissioned on this ledger.",
      FATE_FINAL },
    { REFUSED_EXISTS, "EXISTS", "It exists already, or was said already.", FATE_FINAL },
    { REFUSED_NOT_HOLDER, "NOT_HOLDER", "The signer's company does not hold (or own) these goods.",
      FATE_FINAL },
    { REFUSED_OFFER_OPEN, "OFFER_OPEN", "An offer for one of these assets is still open.",
      FATE_FINAL },
    { REFUSED_NO_SUCH_OFFER, "NO_SUCH_OFFER", "No open offer has this hash.", FATE_FINAL },
    { REFUSED_NOT_FOR_YOU, "NOT_FOR_YOU", "The offer is not the signer's to answer.", FATE_FINAL },
    { REFUSED_OFFER_DIFFERS, "OFFER_DIFFERS", "The goods or the role are not those of the offer.",
      FATE_FINAL },
    { REFUSED_KID_TAKEN, "KID_TAKEN", "A key with this identifier is enrolled already.",
      FATE_FINAL },
    { REFUSED_BAD_REQUEST, "BAD_REQUEST", "What it asks for, or the request inside it, cannot be.",
      FATE_FINAL },
    { REFUSED_NOT_YOUR_KEY, "NOT_YOUR_KEY", "The key belongs to another member, or to nobody.",
      FATE_FINAL },
    { REFUSED_ATTACHED_ELSEWHERE, "ATTACHED_ELSEWHERE",
      "The device is attached to another asset, or not to the one named.", FATE_FINAL },
    { REFUSED_UNKNOWN_CONTRACT, "UNKNOWN_CONTRACT",
      "The ledger has no such contract, or its definition does not hold.", FATE_FINAL },
    { REFUSED_NOT_A_PARTY, "NOT_A_PARTY", "The signer's company is not a party of the contract.",
      FATE_FINAL },
    { REFUSED_AGREED_ALREADY, "AGREED_ALREADY", "The signer's company has agreed already.",
      FATE_FINAL },
    { REFUSED_EXPIRED, "EXPIRED", "Its time has passed.", FATE_FINAL },
    { REFUSED_BAD_TERMS, "BAD_TERMS", "A term is missing, unknown, or of the wrong type or unit.",
      FATE_FINAL },
    { REFUSED_STEPS, "STEPS", "Judging it would take more steps than the ledger allows.",
      FATE_FINAL },
    { REFUSED_UNKNOWN_MEMBER, "UNKNOWN_MEMBER", "No such member, or one that is no longer active.",
      FATE_FINAL },
    { REFUSED_WRONG_STATE, "WRONG_STATE", "The contract is not in a state that allows this.",
      FATE_FINAL },
    { REFUSED_GUARD, "GUARD", "A condition of the contract is not met.", FATE_FINAL },
    { REFUSED_NO_SUCH_ACTION, "NO_SUCH_ACTION", "The contract has no action of this name.",
      FATE_FINAL },
    { REFUSED_BAD_ARGUMENT, "BAD_ARGUMENT",
      "An argument is missing, unknown, or not what the action takes.", FATE_FINAL },
    { REFUSED_FINISHED, "FINISHED", "The contract has ended.", FATE_FINAL },
    { REFUSED_NO_SUCH_DOCUMENT, "NO_SUCH_DOCUMENT", "The contract has no document of this name.",
      FATE_FINAL },
    { REFUSED_DEPTH, "DEPTH", "Calls from contract to contract went too deep.", FATE_FINAL },
    { REFUSED_NOT_REPLACEABLE, "NOT_REPLACEABLE",
      "The contract to be replaced is not in force, or is of another name, another version or for "
      "other goods.",
      FATE_FINAL },
    { REFUSED_NO_REASON, "NO_REASON",
      "Release, rejection, recall and correction need the meaning of the signature and a reason.",
      FATE_FINAL },
    { REFUSED_QUARANTINED, "QUARANTINED", "Some of the goods are in quarantine or were rejected.",
      FATE_FINAL },
    { REFUSED_RECALLED, "RECALLED",
      "Some of the goods are recalled, or made of what is: they may only go back to who recalled "
      "them.",
      FATE_FINAL },
    { REFUSED_ENDED, "ENDED",
      "Some of the goods were dispensed, destroyed, decommissioned or used up.", FATE_FINAL },
    { REFUSED_PACKED, "PACKED", "Some of the goods are inside a container; unpack them first.",
      FATE_FINAL },
    { REFUSED_NOT_PACKED, "NOT_PACKED", "Some of the goods are not inside this container.",
      FATE_FINAL },
    { REFUSED_NOT_EMPTY, "NOT_EMPTY", "The container still holds something.", FATE_FINAL },
    { REFUSED_FULL, "FULL", "More than the ledger keeps in one place.", FATE_FINAL },
    { REFUSED_MASS, "MASS",
      "What comes out is not what went in, or more would be taken than there is.", FATE_FINAL },
    { REFUSED_UNITS, "UNITS", "The amounts are missing, or their units can't be compared.",
      FATE_FINAL },
    { REFUSED_NOT_MAKER, "NOT_MAKER", "Only who made the goods or the lot may do this.",
      FATE_FINAL },
    { REFUSED_NO_SUCH_CERTIFICATE, "NO_SUCH_CERTIFICATE", "No certificate has this hash.",
      FATE_FINAL },
    { REFUSED_NOT_CORRECTABLE, "NOT_CORRECTABLE",
      "A statement of this kind is not corrected but followed by another.", FATE_FINAL },
    { REFUSED_NOT_SIGNER, "NOT_SIGNER",
      "Only the key that signed the statement, or its company, may declare it wrong.", FATE_FINAL },
    { REFUSED_NO_SUCH_READING, "NO_SUCH_READING",
      "The reading named is none of the device's last, or the device is not with these goods.",
      FATE_FINAL },
    { REFUSED_NO_LABEL, "NO_LABEL", "No covered code was put on the ledger for these goods.",
      FATE_FINAL },
    { REFUSED_OWNERS_DIFFER, "OWNERS_DIFFER", "What goes in belongs to several owners.",
      FATE_FINAL },
    { REFUSED_GENEALOGY, "GENEALOGY", "It would descend from more than the ledger can follow back.",
      FATE_FINAL },
    { REFUSED_NOT_OFFERED, "NOT_OFFERED", "Goods named as missing are not among those offered.",
      FATE_FINAL },
    { REFUSED_NOT_HELD, "NOT_HELD", "It is not in quarantine, or not recalled by the signer.",
      FATE_FINAL },
};

const struct refusal_entry *refusal_all(size_t *ret_count)
{
    *ret_count = sizeof registry / sizeof registry[0];
    return registry;
}

const struct refusal_entry *refusal_find(uint64_t code)
{
    for (size_t i = 0; i < sizeof registry / sizeof registry[0]; i++)
        if ((uint64_t)registry[i].code == code)
            return &registry[i];
    return NULL;
}

const char *refusal_name(uint64_t code)
{
    const struct refusal_entry *e = refusal_find(code);
    return e == NULL ? "UNKNOWN_CODE" : e->name;
}

bool refusal_is_recorded(enum refusal code)
{
    const struct refusal_entry *e = refusal_find(code);
    return e != NULL && (e->fate == FATE_ACCEPTED || e->fate == FATE_FINAL);
}
