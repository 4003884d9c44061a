<?php

declare(strict_types=1);

throw new RuntimeException('this application does not boot');
