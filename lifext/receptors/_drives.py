"""What current open receptors let through, as the compiled step is made of it."""

# `s` is the open part, the first state variable of the gating; a closed one, of no conductance, has no current.
# The functions are those of `equations.pxd`; what begins with `force` is found in a loop of its own.
DRIVES = {
    "conductance": {
        "parameters": ["g", "reversal"],
        "current": "driven_current(g, s, driving_force(v_stage, reversal))",
    },
    "blocked": {
        "parameters": ["g", "reversal", "mg"],
        "force": "force_at(v_stage, reversal, mg)",
        "current": "driven_current(g, s, force)",
    },
    "closed": {"parameters": []},
}
