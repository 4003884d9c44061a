<?php

declare(strict_types=1);

namespace App\Processes;

class InboxProcess extends Base
{
    use RunsInbox;
}
