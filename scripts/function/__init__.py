"""Makes what goes into the function: the zip or image, the front-end files, the
compiled templates.
"""
