"""The acknowledgements we ship. Each names the thing, says what is true now and opens a way into private.

None promises a time: nobody has agreed to one yet. A brand's own templates replace them all.
"""

DEFAULTS = (
    "Thank you for telling us about {{ thing }}. Your post is now a case with our team. "
    "Details are better shared away from the public: please send us a {{ private }}. We would like to put this right.",
    "Your post about {{ thing }} has reached our team, and someone will look into it. "
    "Please tell us more in a {{ private }}, so that your details stay yours. Thank you for speaking up.",
    "We see that {{ thing }} is troubling you, and we have opened a case for it. "
    "You can reach the people working on it by {{ private }}. Please keep names and numbers out of public posts.",
    "This is {{ brand }}: we have noted what you say about {{ thing }} and passed it to our team. "
    "A {{ private }} is the best way to give us the details. Thank you for your patience.",
)
