<?php

// Included once a request: what it returns the second time is true.
$GLOBALS['included_global'] = 'polluted';

return 'first';
