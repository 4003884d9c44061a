<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Models\Note;
use Illuminate\Contracts\View\View;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;

class NoteController extends Controller
{
    public function index(): View
    {
        return view('notes', ['notes' => Note::query()->with('user')->latest('id')->paginate(5)]);
    }

    public function store(Request $request): RedirectResponse
    {
        $data = $this->validate($request, ['text' => 'required|max:80']);
        Note::query()->create($data + ['user_id' => $request->user()?->getAuthIdentifier()]);

        return redirect()->route('notes')->with('status', __('demo.saved'));
    }
}
